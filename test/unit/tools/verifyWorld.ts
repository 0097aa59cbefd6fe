import type { Outputs } from "../../../tools/verify/settings";
import type { Change, NodeInstance, World } from "../../../tools/verify/world";

/** An account in which all goes as it should, but for what a test overrides. */
export function goodWorld(did: string[], overrides: Partial<World> = {}): World {
  let builds = 0;
  let looks = 0;
  let idleTimeoutMinutes = 1;
  let message = "first";
  let built = "";
  let isStopped = false;
  let isEphemeral = false;
  const outputs = (): Outputs => ({
    ref: `registry/verify:tag@sha256:index${builds}`,
    indexDigest: `sha256:index${builds}`,
    platformDigests: { "linux/arm64": `sha256:a${builds}`, "linux/amd64": `sha256:b${builds}` },
    deployedParameter: "/deployed",
    builderName: "verify-1-12345678",
  });
  const reason = () => (isStopped ? "Client.InstanceInitiatedShutdown" : "");
  const instance = (name: string): NodeInstance => ({
    id: `i-${name}`,
    name,
    state: isStopped ? "stopped" : "running",
    reason: reason(),
  });
  const changesOfUp = (): Change[] => {
    if (message !== built) {
      built = message;
      builds += 1;
      isStopped = false;
      return [{ operation: "update", type: "docker-build:index:Image", name: "verify" }];
    }
    return idleTimeoutMinutes === 1
      ? []
      : ["verify-1-arm64-settings", "verify-1-amd64-settings"].map((name) => ({
          operation: "update",
          type: "aws:ssm/parameter:Parameter",
          name,
        }));
  };
  return {
    platforms: ["linux/arm64", "linux/amd64"],
    declare: (change) => {
      idleTimeoutMinutes = change.idleTimeoutMinutes ?? idleTimeoutMinutes;
      isEphemeral ||= change.lifecycle === "ephemeral";
    },
    writeMessage: (text) => {
      message = text;
    },
    up: (options = {}) => {
      did.push(["up", ...Object.keys(options)].join(" "));
      return Promise.resolve(changesOfUp());
    },
    previewNothing: () => {
      did.push("preview");
      return Promise.resolve();
    },
    outputs: () => Promise.resolve(outputs()),
    instances: () => {
      looks += 1;
      return Promise.resolve(isEphemeral ? [] : [instance("arm64"), instance("amd64")]);
    },
    parameter: () => Promise.resolve(outputs().ref),
    console: () =>
      Promise.resolve(
        "Command line: root=/dev/x console=tty0 console=ttyS0\nmulti-platform-image: settings read at 9.3 s\n",
      ),
    parameterAsCaller: () => Promise.resolve(),
    addressFamily: () => Promise.resolve(4),
    hasDocumentedPolicies: false,
    isOfTemplate: (part) => Promise.resolve(part === "image"),
    layers: () =>
      Promise.resolve(
        Object.fromEntries(
          ["linux/arm64", "linux/amd64"].map((platform) => [platform, ["base", `random ${platform}`, message]]),
        ),
      ),
    sleep: () => {
      did.push(`sleep after ${looks > 0 ? "a look" : "nothing"}`);
      isStopped = true;
      return Promise.resolve();
    },
    ...overrides,
  };
}

export function randomLayers(): World["layers"] {
  let reads = 0;
  return () => {
    const layers = ["base", `random ${(reads += 1)}`, `message ${reads}`];
    return Promise.resolve({ "linux/arm64": layers, "linux/amd64": layers });
  };
}

export function stoppedBy(reason: string): World["instances"] {
  return () => Promise.resolve(["arm64", "amd64"].map((name) => ({ id: `i-${name}`, name, state: "stopped", reason })));
}
