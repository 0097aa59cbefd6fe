import * as assert from "node:assert/strict";
import * as fs from "node:fs";

import { describePod, formatStatus } from "../../../../components/nodes/kubernetes/shell/builderStatus";
import { isForgotten } from "../../../../components/nodes/kubernetes/shell/clean";
import { findBuilder, listBuilders } from "../../../../components/nodes/kubernetes/shell/find";
import { holdFolder } from "../../../../components/nodes/kubernetes/shell/hold";
import type { Place } from "../../../../components/nodes/kubernetes/shell/place";
import { kubernetesShell } from "../../../../components/nodes/kubernetes/shell/shell";
import { stopNodes } from "../../../../components/nodes/kubernetes/shell/stop";
import { parseStored, storedName } from "../../../../components/nodes/kubernetes/stored";
import { ApiError } from "../../../../components/nodes/kubernetes/run/errors";
import { stateOf } from "../../../../components/nodes/kubernetes/run/state";
import { serveAsHolder } from "../../../../components/transport/holders";
import { waitFor } from "../../../main/stack";
import { kubernetesNode } from "./kubernetesNode";
import { OneJob } from "./oneJob";
import { eventOf, made, platform, podOf, readyPod, running } from "./seen";

const tls = { ca: "", cert: "", key: "" };
const builderName = "farm-0123abcd";
const stored = { builderName, wakeTimeoutSeconds: 300, tls, node: kubernetesNode };
/** A Secret as a stack writes it, with changes that keep its name or don't. */
const secretOf = (changes: object = {}, node: object = {}, name = storedName(kubernetesNode.objectName)) => ({
  name,
  text: JSON.stringify({ ...stored, ...changes, node: { ...kubernetesNode, ...node } }),
});
const arm = { name: "arm64", platform: "linux/arm64", objectName: "farm-0123abcd-arm64" };

function placeOf(cluster: OneJob): Place {
  return {
    cluster,
    namespace: "builds",
    settings: {},
    words: "namespace builds of the cluster at https://cluster.test",
  };
}

describe("a builder on Kubernetes, as the command line finds it", () => {
  it("is of the Secrets of its nodes, in one namespace", async () => {
    const cluster = new OneJob();
    const other = { builderName: "a-0123abcd", additionalPlatforms: ["linux/386"] };
    cluster.secrets = [
      secretOf(),
      secretOf({}, arm, "farm-0123abcd-arm64-connection"),
      secretOf(other, { objectName: "a-0123abcd-amd64" }, "a-0123abcd-amd64-connection"),
    ];
    const builders = await listBuilders(placeOf(cluster));
    assert.deepEqual(
      builders.map((each) => [each.builderName, ...each.nodes.map(({ name }) => name)]),
      [
        ["a-0123abcd", "amd64"],
        [builderName, "amd64", "arm64"],
      ],
    );
    assert.deepEqual(builders[0].declared[0].additionalPlatforms, ["linux/386"]);
    assert.equal((await findBuilder(placeOf(cluster), "farm")).builderName, builderName);
    await assert.rejects(findBuilder(placeOf(cluster), "none"), {
      message:
        "there is no builder none in namespace builds of the cluster at https://cluster.test; these are there: a-0123abcd, farm-0123abcd. Fix: name one of them, or check --namespace and --context.",
    });
  });

  it("is told of with the rule that is missing, where its Secrets may not be listed", async () => {
    const cluster = new OneJob();
    const asked = { verb: "list", resource: "secrets" };
    cluster.listSecrets = () => Promise.reject(new ApiError(403, "forbidden", asked));
    await assert.rejects(
      listBuilders(placeOf(cluster)),
      /no right to list secrets in namespace builds .*Fix: a Role in that namespace with the rule \{ apiGroups: \[""\], resources: \["secrets"\], verbs: \["list"\] \}/,
    );
  });

  it("is refused where its Secrets have different keys, and does not keep others from being listed", async () => {
    const cluster = new OneJob();
    const added = secretOf({ tls: { ...tls, ca: "another" } }, arm, "farm-0123abcd-arm64-connection");
    cluster.secrets = [added, secretOf()];
    assert.equal((await listBuilders(placeOf(cluster))).length, 1);
    await assert.rejects(
      findBuilder(placeOf(cluster), "farm"),
      /^BuildError: builder farm-0123abcd: its Secrets in namespace builds .* have different keys \(farm-0123abcd-arm64-connection, farm-0123abcd-amd64-connection\), so one is not its own.* Fix: wait for the update, or delete the Secret/,
    );
    cluster.secrets = [secretOf({}, arm, "farm-0123abcd-arm64-connection"), secretOf()];
    assert.equal((await findBuilder(placeOf(cluster), "farm")).nodes.length, 2);
  });

  for (const [title, secret] of [
    ["it is no JSON", { ...secretOf(), text: "{" }],
    ["its builder's name leads elsewhere", secretOf({ builderName: "../.." })],
    ["its node's name leads elsewhere", secretOf({}, { name: "../../x" })],
    ["an object's name is none", secretOf({}, { objectName: "a/b" })],
    ["it is of another namespace", secretOf({}, { namespace: "kube-system" })],
    ["it lacks what reaches the node", secretOf({ tls: undefined })],
    ["it lacks a key", secretOf({ tls: { ca: "", cert: "" } })],
    ["its tolerations are no list", secretOf({}, { tolerations: {} })],
    ["it has another name than the node's Secret", secretOf({}, {}, "a-0123abcd-connection")],
    ["its node has another node's objects", secretOf({}, { name: "arm64" })],
    ["its platform is a number", secretOf({}, { platform: 5 })],
    ["its platform is none", secretOf({}, { platform: "linux/arm64\u001b[2J" })],
    ["its additional platforms are no list", secretOf({ additionalPlatforms: { length: 1 } })],
    ["a server's name is none", secretOf({ tls: { ...tls, serverName: {} } })],
  ] as const) {
    it(`is none if ${title}`, () => {
      assert.ok(parseStored(secretOf(), "builds"));
      assert.equal(parseStored(secret, "builds"), undefined);
    });
  }
});

describe("what the command line does with nodes on Kubernetes", () => {
  const seen = (seenNow: Partial<Parameters<typeof stateOf>[0]> & { pods: (typeof readyPod)[] }) => {
    const job = "job" in seenNow ? seenNow.job : running;
    const state = stateOf({ events: [], platform, ...seenNow, job });
    return { job, state, pod: seenNow.pods.at(-1) };
  };

  it("says what is there", () => {
    const status = { ...readyPod.status, startTime: made };
    const ready = { ...readyPod, status, spec: { containers: [], nodeName: "ip-10-0-1-8" } };
    const waiting = seen({ pods: [podOf({ phase: "Pending" })], events: [eventOf("FailedMount", "no volume")] });
    assert.deepEqual(describePod(seen({ job: undefined, pods: [] })), { state: "none" });
    const declared = { platform, object: "farm-0123abcd-amd64" } as const;
    const nodes = [
      {
        name: "amd64",
        ...declared,
        ...describePod(seen({ pods: [ready] })),
        buildkitVersion: "v0.33.1",
        activeBuilds: 2,
      },
      { name: "amd64-2", ...declared, ...describePod(waiting) },
      { name: "amd64-3", ...declared, ...describePod(seen({ job: undefined, pods: [] })) },
    ];
    const server = "https://cluster.test";
    assert.equal(
      formatStatus({ builderName, namespace: "builds", server, nodes, heldUntil: "2026-11-21T10:59:13Z" }),
      `builder farm-0123abcd, namespace builds of the cluster at https://cluster.test

NODE     PLATFORM     POD                        STATE     SINCE                 MACHINE      BUILDKIT  BUILDS
amd64    linux/amd64  farm-0123abcd-amd64-x7k2p  ready     2026-11-01T10:00:00Z  ip-10-0-1-8  v0.33.1   2
amd64-2  linux/amd64  farm-0123abcd-amd64-x7k2p  starting  2026-11-01T10:00:00Z  -            -         -
amd64-3  linux/amd64  -                          none      -                     -            -         -

amd64-2: FailedMount: no volume

This machine holds the nodes until 2026-11-21T10:59:13Z.
`,
    );
  });

  it("stops what is there, and says so where there is nothing", async () => {
    const cluster = new OneJob();
    cluster.secrets = [secretOf()];
    const place = placeOf(cluster);
    const options = { force: false, wait: true };
    const stop = async () => stopNodes(place, await findBuilder(place, "farm"), options, () => undefined);
    assert.equal(await stop(), "No node of farm-0123abcd runs.\n");
    cluster.job = running;
    cluster.pods = [podOf({ phase: "Pending" })];
    assert.equal(await stop(), "Stopped amd64 of farm-0123abcd.\n");
    assert.deepEqual(cluster.done, ["delete"]);
  });

  for (const [title, pod, why] of [
    ["that does not answer", readyPod, "does not answer, and may build"],
    [
      "that runs and is not ready",
      podOf({ phase: "Running", conditions: [{ type: "Ready", status: "False" }] }),
      "runs, is not ready, and may build",
    ],
    ["that drains", podOf({ phase: "Running" }, { deletionTimestamp: made }), undefined],
  ] as const) {
    it(`counts a pod ${title} as one that may build: it stops none unasked, and cuts no build of this machine`, async () => {
      const cluster = new OneJob();
      cluster.forward = () => Promise.reject(new Error("cut"));
      cluster.secrets = [secretOf()];
      Object.assign(cluster, { job: running, pods: [pod] });
      const place = placeOf(cluster);
      const builder = await findBuilder(place, "farm");
      const stop = (force: boolean) => stopNodes(place, builder, { force, wait: false }, () => undefined);
      if (why) {
        const message = `builder farm-0123abcd is in use: node amd64 ${why}. Fix: wait, or stop it even so with --force.`;
        await assert.rejects(stop(false), { message });
        assert.deepEqual(cluster.done, []);
      }
      const heard: string[] = [];
      const folder = holdFolder(builder);
      await serveAsHolder(folder, new Date(Date.now() + 60_000), (how) => heard.push(how));
      assert.equal(await stop(why !== undefined), "Stopping amd64 of farm-0123abcd.\n");
      await waitFor("the holder's word", () => heard.length > 0, 5, 10);
      fs.rmSync(folder, { recursive: true });
      assert.deepEqual([cluster.done, heard], [["delete"], ["yield"]]);
    });
  }

  it("removes a Job of which nobody waits any more that it begins, and no other", () => {
    const after = (seconds: number) => new Date(made.getTime() + seconds * 1_000);
    const pending = seen({ pods: [podOf({ phase: "Pending" })] });
    for (const [expected, what, seconds] of [
      [false, pending, 359],
      [true, pending, 361],
      [true, seen({ pods: [] }), 361],
      [false, seen({ pods: [podOf({ phase: "Running" })] }), 100_000],
      [false, seen({ pods: [readyPod] }), 100_000],
      [false, seen({ job: undefined, pods: [] }), 361],
    ] as const) {
      assert.equal(isForgotten(what, 300, after(seconds)), expected, `${what.state.kind} after ${seconds} s`);
    }
  });

  it("says in which namespace a Role counts, and how it is bound", () => {
    const options = { builder: "farm", role: "build", namespace: "builds" };
    assert.match(
      kubernetesShell.describePolicy(options),
      /every builder with nodes in namespace builds: .*kubectl create rolebinding multi-platform-image-build --namespace builds --role multi-platform-image-build --user USER/,
    );
    assert.doesNotMatch(kubernetesShell.policy(options), /secrets|watch/);
  });
});
