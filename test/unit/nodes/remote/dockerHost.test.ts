import * as assert from "node:assert/strict";

import { explainStart, startArguments } from "../../../../components/nodes/remote/run/container";
import { containerImage } from "../../../../components/buildkit/containerImage";
import { sshArguments } from "../../../../components/transport/endpoint";
import { parseConnection } from "../../../../components/builder/builderConnection";
import { defaultRelease } from "../../../../components/nodes/ec2/archives";
import { parsePulled } from "../../../../components/registry/reference";
import { checkNodes } from "../../../../components/builder/checkNodes";
import type { NodeArgs } from "../../../../components";

const host = { kind: "ssh", host: "arm", user: "me", port: "2222" } as const;
const container = "multi-platform-image-buildkit";

describe("a Docker host over ssh", () => {
  it("is one command there, in one line for any login shell", () => {
    const [text, ...others] = startArguments(host, "moby/buildkit:v0.33.1").slice(-1);
    assert.deepEqual(others, []);
    assert.equal(
      text,
      "sh -c 'command -v docker >/dev/null || exit 127; " +
        'docker container inspect "$1" >/dev/null 2>&1 || { refusal=$(docker run --detach --init --privileged --restart unless-stopped ' +
        '--name "$1" --volume "$1:/var/lib/buildkit" "$2" --allow-insecure-entitlement=network.host 2>&1 >/dev/null) && exit; }; ' +
        'failure=$(docker start "$1" 2>&1 >/dev/null) && exit; ' +
        `echo "\${refusal:-$failure}" >&2; exit 1' sh ${container} moby/buildkit:v0.33.1`,
    );
  });

  it("takes BuildKit's image by digest, of the version that EC2 nodes have", () => {
    assert.match(containerImage, new RegExp(`^moby/buildkit:v${defaultRelease.version}@sha256:[0-9a-f]{64}$`));
    assert.ok(parsePulled(containerImage));
    assert.ok(startArguments(host, containerImage).at(-1)?.endsWith(` sh ${container} ${containerImage}`));
  });

  it("asks no question, and does not wait for a host that is gone", () => {
    assert.deepEqual(startArguments(host, "i").slice(0, -1), [
      ...["-l", "me", "-p", "2222", "-o", "BatchMode=yes"],
      ...["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15", "--", "arm"],
    ]);
  });

  it("quotes what is no plain word", () => {
    assert.match(startArguments(host, "a'; reboot").at(-1) ?? "", / sh multi\S+ 'a'"'"'; reboot'$/);
  });

  it("carries the protocol from inside of the container", () => {
    assert.deepEqual(sshArguments({ ...host, container }).slice(-7), [
      "arm",
      "docker",
      "exec",
      "-i",
      container,
      "buildctl",
      "dial-stdio",
    ]);
  });

  for (const [title, code, said, cause, fix, permanent] of [
    ["no docker", 127, "", /no program `docker` on the PATH/, /^install Docker there/, true],
    [
      "no right to use it",
      1,
      "docker: permission denied while trying to connect to the Docker daemon socket at unix:///x.\nSee 'docker run --help'.\n",
      /^docker: permission denied .* unix:\/\/\/x$/,
      /the group `docker`/,
      true,
    ],
    [
      "no engine",
      1,
      "docker: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?\n",
      /daemon running$/,
      /^start Docker on that host$/,
      false,
    ],
    [
      "no such image",
      1,
      "Unable to find image 'a:1' locally\n1: Pulling from a\ndocker: Error response from daemon: manifest for a:1 not found: manifest unknown.\n",
      /^docker: Error response from daemon: manifest for a:1/,
      /^correct `image`/,
      true,
    ],
    [
      "no way to the registry",
      1,
      "Unable to find image 'a:1' locally\ndocker: Error response from daemon: dial tcp: lookup a: no such host.\n",
      /no such host$/,
      /such as a mirror$/,
      false,
    ],
    ["no way in", 255, "me@arm: Permission denied (publickey).\n", /publickey\)$/, /^`ssh` to this endpoint/, false],
    ["no words", 1, "", /^ssh ended with 1$/, /`docker start multi-platform-image-buildkit`/, false],
  ] as const) {
    it(`explains ${title}`, () => {
      const failure = explainStart(code, said);
      assert.match(failure.cause, cause);
      assert.match(failure.fix, fix);
      assert.equal(failure.permanent, permanent);
    });
  }

  const node = { kind: "remote", platform: "linux/arm64", endpoint: "ssh://me@arm", driver: "docker-container" };
  const check = (more: object) => checkNodes("Builder b", [{ ...node, ...more } as NodeArgs]);

  for (const more of [{}, { image: "mirror.example.com:5000/moby/buildkit:v0.33.1" }, { endpoint: "ssh://arm:2222" }]) {
    it(`takes ${JSON.stringify(more)}`, () => assert.equal(check(more).length, 1));
  }

  for (const [title, more, message] of [
    ["the driver is another", { driver: "kubernetes" }, /`nodes\[0\]\.driver` is "kubernetes": "docker-container" is /],
    ["the endpoint is tcp://", { endpoint: "tcp://arm:1234" }, /`nodes\[0\]\.driver` .* which is "tcp:\/\/arm:1234"; /],
    ["the endpoint has a path", { endpoint: "ssh://arm/run/b.sock" }, /without a path as `endpoint`, which is "ssh:/],
    ["the image is none", { image: "a b" }, /`nodes\[0\]\.image` is "a b": write \[REGISTRY\/\]REPOSITORY/],
    ["an image has no driver", { driver: undefined, image: "a" }, /`nodes\[0\]\.image` is "a": .* set that, or leave/],
  ] as const) {
    it(`fails if ${title}`, () => assert.throws(() => check(more), message));
  }

  it("is part of a connection, and an unknown driver is refused there", () => {
    const connection = (driver: string) => ({
      version: 1,
      builderName: "farm-1a2b3c4d",
      wakeTimeoutSeconds: 90,
      nodes: [{ ...node, name: "arm64", driver, image: "moby/buildkit:v0.33.1" }],
    });
    const good = connection("docker-container");
    assert.deepEqual(parseConnection("Builder shared", good, true), good);
    assert.throws(() => parseConnection("Builder shared", connection("remote"), true), /one that is none of ours/);
  });
});
