import * as assert from "node:assert/strict";
import { skipWithout } from "../hosts";
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { cacheDirectory, prepareTools } from "../../tools";
import { prepareExample } from "../../tools/example";
import type { NetworkHost } from "../hosts";
import { getMachines } from "./fixture";
import { elfMachines } from "./image";
import { commandLines } from "./processes";
import { type Outcome, temporaryDirectory } from "./stack";
import { runsAll } from "../tier";

const repository = path.resolve(__dirname, "../..");

/** The new user's path in a copy of this tree, on a host of its own, so that its ports meet nobody else's. */
describe("npm start", function () {
  this.timeout(600_000);
  const checkout = path.join(temporaryDirectory("checkout"), "pulumi-multi-platform-image");
  const cache = temporaryDirectory("cache");
  const home = temporaryDirectory("home");
  let host: NetworkHost | undefined;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    const { network } = await getMachines();
    host = await network.addHost("start");
    copyTree();
    await prepareTools();
    await prepareExample();
    // Of the cache only what would be fetched again. Links: the same files, in half a second.
    for (const folder of ["tools", "examples"]) {
      execFileSync("cp", ["-al", path.join(cacheDirectory(), folder), path.join(cache, folder)]);
    }
    if (!runsAll) {
      // `npm ci` has been seen by whoever runs these tests.
      execFileSync("cp", ["-al", path.join(repository, "node_modules"), path.join(checkout, "node_modules")]);
    }
    // The host has no way to the npm registry, so dependencies come first.
    const tools = await npm(["run", "tools"], { outside: true });
    assert.equal(tools.code, 0, tools.output);
    assert.match(tools.output, /buildkitd +0\.33\.1/);
  });

  after(async () => {
    if (host) {
      await npm(["run", "stop"]);
    }
  });

  it("does all set-up and ends with index digest, ref and per-platform digests on screen", async () => {
    const { code, output, seconds } = await npm(["start"]);
    assert.equal(code, 0, output);
    console.log(`      with the tools in place: ${seconds.toFixed(1)} s`);
    assert.match(output, /^index digest +sha256:[0-9a-f]{64}$/m);
    assert.match(output, /^ref +localhost:5080\/esbuild:0\.25\.12@sha256:[0-9a-f]{64}$/m);
    assert.match(output, /^linux\/amd64 +sha256:[0-9a-f]{64}$/m);
    assert.match(output, /^linux\/arm64 +sha256:[0-9a-f]{64}$/m);
  });

  it("made an image that holds the program of each platform, and runs", async () => {
    const files = (architecture: string) => path.join(checkout, "examples/esbuild/context", architecture, "esbuild");
    assert.equal(fs.readFileSync(files("amd64")).readUInt16LE(18), elfMachines.amd64);
    assert.equal(fs.readFileSync(files("arm64")).readUInt16LE(18), elfMachines.arm64);
    const pulled = temporaryDirectory("pulled");
    const copy = ["skopeo", "--insecure-policy", "copy", "--src-tls-verify=false"];
    const { code, output } = await inHost([...copy, "docker://localhost:5080/esbuild:0.25.12", `dir:${pulled}`]);
    assert.equal(code, 0, output);
    const { layers } = JSON.parse(fs.readFileSync(path.join(pulled, "manifest.json"), "utf8")) as {
      layers: { digest: string }[];
    };
    execFileSync("tar", ["-xf", path.join(pulled, layers[0].digest.replace("sha256:", "")), "-C", pulled]);
    assert.equal(execFileSync(path.join(pulled, "esbuild"), ["--version"]).toString(), "0.25.12\n");
  });

  it("a second time: ends without a build", async () => {
    const { code, output, seconds } = await npm(["start"]);
    assert.equal(code, 0, output);
    console.log(`      without a change: ${seconds.toFixed(1)} s`);
    assert.match(output, /4 unchanged/);
    assert.doesNotMatch(output, /is awake|registered|created|updated/);
  });

  it("`npm run pulumi` is the CLI in the same environment, from any folder", async () => {
    const { code, output } = await npm(["--prefix", checkout, "run", "pulumi", "--", "stack", "output", "ref"], {
      folder: home,
    });
    assert.equal(code, 0, output);
    assert.match(output, /localhost:5080\/esbuild:0\.25\.12@sha256:/);
  });

  it("`npm run stop` ends what it left running, and a second time says that there is nothing", async () => {
    const { code, output } = await npm(["run", "stop"]);
    assert.equal(code, 0, output);
    assert.deepEqual(processesOf(cache), []);
    assert.match((await npm(["run", "stop"])).output, /nothing of `npm start` is running/);
  });

  it("wrote to its folder and its cache only", () => {
    // npm's own logs and Node's compile cache are theirs.
    const written = fs.readdirSync(home).filter((name) => ![".npm", ".docker"].includes(name));
    assert.deepEqual(written, []);
  });

  function copyTree(): void {
    const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: repository }).toString();
    for (const file of listed.split("\n").filter((name) => name && fs.existsSync(path.join(repository, name)))) {
      fs.mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true });
      fs.copyFileSync(path.join(repository, file), path.join(checkout, file));
    }
  }

  function npm(args: string[], { outside = false, folder = checkout } = {}): Promise<Outcome> {
    return run(outside ? ["npm", ...args] : host!.enter(["npm", ...args]), folder);
  }

  function inHost(command: string[]): Promise<Outcome> {
    return run(host!.enter(command), checkout);
  }

  function run(command: string[], folder: string): Promise<Outcome> {
    const begin = Date.now();
    const child = spawn(command[0], command.slice(1), {
      cwd: folder,
      env: { ...process.env, HOME: home, MULTI_PLATFORM_IMAGE_CACHE: cache, npm_config_cache: npmCache() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output, seconds: (Date.now() - begin) / 1000 }));
    });
  }
});

function npmCache(): string {
  return execFileSync("npm", ["config", "get", "cache"], { stdio: ["ignore", "pipe", "ignore"] })
    .toString()
    .trim();
}

function processesOf(folder: string): string[] {
  return commandLines().filter((line) => line.includes(folder));
}
