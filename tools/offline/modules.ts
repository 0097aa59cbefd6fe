import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as readline from "node:readline";
import { libraryEnvironment } from "./library";
import { findOnPath } from "../../components/support/paths";
import { machinePlatform, splitPlatform, type ToolPlatform } from "../platform";
import { type Log, type Step, withProgress } from "../progress";
import type { ModuleRecipe } from "../recipe";

/** Go fetches the toolchain that a recipe's go.mod asks for, from 1.21 on: https://go.dev/doc/toolchain */
const GO_ADVICE = "install go 1.26 or newer (1.21 or newer fetches it by itself) and put it on PATH";

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Changes with the recipe, so that a checkout with another recipe never uses this one's binary. */
export function recipeDigest(recipes: string, recipe: ModuleRecipe): string {
  const folder = path.join(recipes, recipe.recipe);
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  for (const file of fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (fs.statSync(path.join(folder, file)).isFile()) {
      hash.update(`\0${file}\0`).update(fs.readFileSync(path.join(folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 8);
}

/** Builds one binary from Go modules, at the versions that the recipe's go.sum pins. */
export async function buildModule(
  tool: string,
  recipe: ModuleRecipe,
  options: { recipes: string; platform: ToolPlatform; target: string; env: NodeJS.ProcessEnv; log: Log },
): Promise<void> {
  const go = findOnPath("go", options.env);
  if (!go) {
    throw new Error(`${tool}: go is not on PATH, and is needed to build ${tool} from Go modules: ${GO_ADVICE}.`);
  }
  const compiler = options.env.CC ?? "gcc";
  if (recipe.cgo && !findOnPath(compiler, options.env)) {
    throw new Error(
      `${tool}: ${compiler} is not on PATH, and is needed to build ${tool}: ` +
        `install gcc with its C library (Debian: gcc libc6-dev), or a ready ${tool} on PATH.`,
    );
  }
  if (recipe.library && options.platform !== machinePlatform()) {
    throw new Error(
      `${tool}: can't be built for ${options.platform} on ${machinePlatform()}: it is linked against this machine's ` +
        `${recipe.library.pkgConfig}. Build it on ${options.platform}.`,
    );
  }
  const folder = `${options.target}.library`;
  const library =
    recipe.library && (await libraryEnvironment(tool, recipe.library, { folder, env: options.env, log: options.log }));
  const { os, arch } = splitPlatform(options.platform);
  const env: NodeJS.ProcessEnv = {
    ...options.env,
    ...library,
    GOOS: os,
    GOARCH: arch,
    GOTOOLCHAIN: "auto",
    GOFLAGS: "",
    GOWORK: "off",
    CGO_ENABLED: recipe.cgo ? "1" : "0",
  };
  const run = (step: Step) =>
    runGo(tool, go, buildArguments(recipe, options.target), path.join(options.recipes, recipe.recipe), env, step);
  await withProgress(`${tool}: building for ${options.platform} from Go modules`, run, options.log);
  fs.rmSync(folder, { recursive: true, force: true });
}

export function buildArguments(recipe: ModuleRecipe, target: string): string[] {
  const variables = Object.entries(recipe.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  return [
    "build",
    "-v",
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    ...(recipe.tags ? ["-tags", recipe.tags.join(",")] : []),
    "-ldflags",
    ["-s", "-w", ...variables].join(" "),
    "-o",
    target,
    recipe.package,
  ];
}

async function runGo(
  tool: string,
  go: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  step: Step,
): Promise<void> {
  const child = spawn(go, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  const end = () => {
    child.kill();
    process.exit(1);
  };
  for (const signal of ENDING_SIGNALS) {
    process.once(signal, end);
  }
  const last: string[] = [];
  let downloaded = 0;
  let compiled = 0;
  readline.createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.startsWith("go: downloading ")) {
      downloaded++;
    } else if (/^[\w.~/-]+$/.test(line)) {
      compiled++; // -v names each package when it is compiled
    } else {
      last.push(line);
    }
    step.detail(`${downloaded} modules downloaded, ${compiled} packages compiled`);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for (const signal of ENDING_SIGNALS) {
    process.off(signal, end);
  }
  if (code !== 0) {
    const output = last.slice(-20).join("\n");
    throw new Error(
      `${tool}: \`go ${args.join(" ")}\` in ${cwd} ended with ${code}. ` +
        `Is a Go module proxy reachable (go env GOPROXY)? If go is too old: ${GO_ADVICE}.\n${output}`,
    );
  }
}
