import * as fs from "node:fs";
import * as path from "node:path";

import { type NamespaceNode, startNamespaceNode } from "../../test/hosts";
import { cachedFolder } from "../../test/hosts/cachedFolder";
import { execute } from "../../test/hosts/command";
import { prepareEmulators } from "../../test/hosts/emulator";
import type { Machines } from "../../test/main/fixture";
import { temporaryDirectory } from "../../test/main/stack";
import { stamp } from "./contexts";
import type { Side } from "./sides";

const architectures = ["amd64", "arm64"] as const;
const program = path.join(__dirname, "compute/main.go");
/** So that a core of this machine has some 20 seconds of work; another one more or less. */
const times = 110;

/** The program for each architecture, and the sources that it works on: those of Go's own net/http. */
async function prepareProgram(): Promise<string> {
  const source = fs.readFileSync(program, "utf8");
  return cachedFolder(
    "bench-compute",
    { source, architectures, version: await execute(["go", "version"]) },
    async (folder) => {
      const environment = ["env", "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOTOOLCHAIN=local"];
      for (const architecture of architectures) {
        const target = path.join(folder, `compute-${architecture}`);
        await execute([...environment, `GOARCH=${architecture}`, "go", "build", "-o", target, program], {
          timeoutMilliseconds: 900_000,
        });
      }
      const from = path.join((await execute(["go", "env", "GOROOT"])).trim(), "src/net/http");
      const sources = fs.readdirSync(from).filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"));
      fs.mkdirSync(path.join(folder, "source"));
      sources.forEach((name) => fs.copyFileSync(path.join(from, name), path.join(folder, "source", name)));
    },
  );
}

/** The program with next to nothing to do yet: the first run of a side is not measured. */
export async function writeProgram(side: Side, image: string): Promise<void> {
  const folder = await prepareProgram();
  for (const file of fs.readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const full = path.join(folder, file);
    if (fs.statSync(full).isFile()) {
      side.write(`${image}/${file}`, fs.readFileSync(full), 0o755);
    }
  }
  writeWork(side, image, 1);
}

/** All that it has to do. */
export function changeWork(side: Side, image: string): void {
  writeWork(side, image, times);
}

function writeWork(side: Side, image: string, count: number): void {
  const steps = ["COPY often /often", `RUN ["/compute", "/source", "${count}"]`];
  side.write(
    `${image}/Dockerfile`,
    ["FROM scratch", "ARG TARGETARCH", "COPY compute-$TARGETARCH /compute", "COPY source /source", ...steps, ""].join(
      "\n",
    ),
  );
  side.write(`${image}/often`, stamp());
}

/**
 * A node that runs steps of arm64 by QEMU, as BuildKit does where no emulator is registered: by a program `buildkit-qemu-aarch64` on
 * its PATH. So the machine's table of emulators stays as it is.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/ops/exec_binfmt.go
 */
export async function startEmulatingNode({ run, network, authority, registry }: Machines): Promise<NamespaceNode> {
  const folder = temporaryDirectory("emulator");
  const emulator = path.join(await prepareEmulators(), "usr/bin/qemu-aarch64-static");
  fs.copyFileSync(emulator, path.join(folder, "buildkit-qemu-aarch64"));
  const before = process.env.PATH;
  process.env.PATH = `${folder}${path.delimiter}${before}`;
  try {
    return await startNamespaceNode(run, network, authority, { name: "emulating", registries: registry.trusted });
  } finally {
    process.env.PATH = before;
  }
}
