import { createHash } from "node:crypto";
import { cp, link, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { debianTar } from "../hosts/baseImage";
import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts/command";
import type { KubernetesTools } from "./tools";

export const buildkitImage = "docker.io/moby/buildkit:v0.33.1";
/** The same, whose BuildKit calls its own platform so: it copies files, and can't run a step. */
export const arm64BuildkitImage = "tests.invalid/buildkit-arm64:1";
export const pauseImage = "tests.invalid/pause:1";

/** What a pod's first container does: it waits, and takes the ends of others' children. */
const pauseSource = `#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGTERM, end); signal(SIGINT, end); signal(SIGCHLD, reap); for (;;) pause(); }
`;

/** A file of the cache volume, by which the tests' registry is trusted: pods of the tests have no other way to it. */
export const trustFile = "tests-trust.pem";

// As the official one, which gives buildkitd control groups of its own where they are of version 2, because a privileged container
// has the machine's there: https://github.com/moby/buildkit/blob/v0.33.1/hack/buildkitd-entrypoint
const entrypoint = `#!/bin/sh
export SSL_CERT_FILE=/var/lib/buildkit/${trustFile}
[ -z "$TESTS_PLATFORM" ] || set -- --oci-worker-platform "$TESTS_PLATFORM" "$@"
if [ -e /sys/fs/cgroup/cgroup.controllers ] && [ "$(cut -d: -f3 /proc/self/cgroup)" != / ]; then
  remount='umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec /usr/bin/buildkitd "$@"'
  exec unshare --cgroup --mount sh -euc "$remount" sh "$@"
fi
exec /usr/bin/buildkitd "$@"
`;

/** Archives of the images that pods of the tests are of, for `ctr images import`: BuildKit on Debian, and a pod's own. */
export async function podImages(tools: KubernetesTools): Promise<string[]> {
  const debian = await debianTar();
  const { buildkitd, buildctl, runc } = tools;
  const inputs = { debian, buildkitd, buildctl, runc, entrypoint, pauseSource };
  const folder = await cachedFolder("kubernetes-images", inputs, async (draft) => {
    await makePause(draft);
    await makeBuildkit(draft, debian, tools);
  });
  return ["pause", "buildkit"].map((name) => join(folder, `${name}-image.tar`));
}

async function makePause(draft: string): Promise<void> {
  await writeFile(join(draft, "pause.c"), pauseSource);
  await execute(["gcc", "-static", "-Os", "-s", "-o", join(draft, "pause"), join(draft, "pause.c")]);
  await execute(["tar", "-C", draft, "-cf", join(draft, "pause.tar"), "pause"]);
  const layers = [join(draft, "pause.tar")];
  await writeImages(draft, "pause", { names: { [pauseImage]: [] }, command: ["/pause"], layers });
}

async function makeBuildkit(draft: string, debian: string, tools: KubernetesTools): Promise<void> {
  const programs = join(draft, "buildkit/usr/bin");
  await mkdir(programs, { recursive: true });
  for (const [name, path] of Object.entries({ ...pick(tools), "buildkit-runc": tools.runc })) {
    await cp(path, join(programs, name));
  }
  await symlink("buildkit-runc", join(programs, "runc"));
  await writeFile(join(programs, "buildkitd-entrypoint"), entrypoint, { mode: 0o755 });
  const layer = join(draft, "buildkit.tar");
  await execute(["tar", "--owner=0", "--group=0", "-C", join(draft, "buildkit"), "-cf", layer, "."]);
  await rm(join(draft, "buildkit"), { recursive: true });
  const names = { [buildkitImage]: [], [arm64BuildkitImage]: ["TESTS_PLATFORM=linux/arm64"] };
  const command = ["/usr/bin/buildkitd-entrypoint"];
  await writeImages(draft, "buildkit", { names, command, layers: [debian, layer] });
}

const pick = ({ buildkitd, buildctl }: KubernetesTools) => ({ buildkitd, buildctl });

interface Images {
  /** Each with its variables of the environment, beside PATH. */
  names: Record<string, readonly string[]>;
  command: string[];
  layers: readonly string[];
}

/** An OCI archive of images of the same layers, as they are: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md */
async function writeImages(draft: string, file: string, { names, command, layers }: Images): Promise<void> {
  const layout = join(draft, `${file}-layout`);
  const blobs = join(layout, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  const media = (kind: string) => `application/vnd.oci.image.${kind}`;
  const written = [];
  for (const layer of layers) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(layer), hash);
    const digest = hash.digest("hex");
    await link(layer, join(blobs, digest)).catch(() => cp(layer, join(blobs, digest)));
    written.push({ mediaType: media("layer.v1.tar"), digest: `sha256:${digest}`, size: (await stat(layer)).size });
  }
  const blob = async (mediaType: string, content: object) => {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = createHash("sha256").update(bytes).digest("hex");
    await writeFile(join(blobs, digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const manifests = [];
  for (const [name, variables] of Object.entries(names)) {
    const Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...variables];
    const config = await blob(media("config.v1+json"), {
      architecture: "amd64",
      os: "linux",
      config: { Entrypoint: command, Env },
      rootfs: { type: "layers", diff_ids: written.map(({ digest }) => digest) },
    });
    const mediaType = media("manifest.v1+json");
    const manifest = await blob(mediaType, { schemaVersion: 2, mediaType, config, layers: written });
    const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": basename(name) };
    manifests.push({ ...manifest, annotations });
  }
  await writeFile(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await execute(["tar", "-C", layout, "-cf", join(draft, `${file}-image.tar`), "."]);
  await rm(layout, { recursive: true });
}
