// The door of `npm start`, `npm test` and the others. Plain JavaScript without dependencies, because it is what installs
// them: `node tools/run.js <command> [arguments]`.
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const COMMANDS = [
  "start",
  "stop",
  "tools",
  "pulumi",
  "test",
  "verifyAws",
  "testResults",
  "policies",
  "floors",
  "risks",
  "schema",
  "pluginRelease",
  "bench",
];
const OLDEST_NODE = 20;
const WAIT_MILLISECONDS = 500;
const SAY_EVERY_MILLISECONDS = 4_000;

const root = path.dirname(__dirname);
const lock = path.join(root, ".state", "npm-ci.lock");

async function main([command, ...args]) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    throw new Error(`Node.js ${process.versions.node} is too old: install Node.js ${OLDEST_NODE} or newer.`);
  }
  if (!COMMANDS.includes(command)) {
    throw new Error(`"${command ?? ""}" is no command: node tools/run.js ${COMMANDS.join(" | ")}`);
  }
  if (process.env.MULTI_PLATFORM_IMAGE_CACHE) {
    // Relative to where the caller stands, and the commands run elsewhere.
    process.env.MULTI_PLATFORM_IMAGE_CACHE = path.resolve(process.env.MULTI_PLATFORM_IMAGE_CACHE);
  }
  process.chdir(root);
  await installPackages();
  require("ts-node").register({ transpileOnly: true, project: path.join(root, "tsconfig.json") });
  process.argv.splice(1, process.argv.length, path.join(__dirname, `${command}.ts`), ...args);
  require(process.argv[1]);
}

/** `npm ci`, when node_modules is not what package-lock.json says; one at a time, because it begins by deleting. */
async function installPackages() {
  if (isInstalled()) {
    return;
  }
  await takeLock();
  try {
    if (!isInstalled()) {
      await npmCi();
    }
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

/** npm writes what it installed as its last step: https://docs.npmjs.com/cli/configuring-npm/package-lock-json#hidden-lockfiles */
function isInstalled() {
  const wanted = readPackages(path.join(root, "package-lock.json"));
  const installed = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  return Object.entries(wanted).every(
    ([name, entry]) => name === "" || entry.optional || entry.version === installed[name]?.version,
  );
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages ?? {};
  } catch (error) {
    if (error.code === "ENOENT") {
      return {};
    }
    throw new Error(`${file} can't be read: ${error.message}`);
  }
}

async function takeLock() {
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  for (let waited = 0; ; waited += WAIT_MILLISECONDS) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") {
        throw error;
      }
    }
    if (isAbandoned()) {
      fs.rmSync(lock, { force: true });
    } else {
      if (waited % SAY_EVERY_MILLISECONDS === 0) {
        console.log(`waiting for another run's npm ci (${lock}), ${waited / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT_MILLISECONDS));
    }
  }
}

function isAbandoned() {
  let pid;
  try {
    pid = Number(fs.readFileSync(lock, "utf8"));
  } catch {
    return false; // given back a moment ago
  }
  if (!pid) {
    return Date.now() - fs.statSync(lock).mtimeMs > 10_000; // killed between making the file and writing it
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function npmCi() {
  console.log("npm ci: installing what package-lock.json says");
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const timer = setInterval(() => console.log(`npm ci: ${elapsed()}`), SAY_EVERY_MILLISECONDS);
  // No install scripts: docker-build's would fetch its plugin by itself, and `npm run tools` does that with a checksum.
  const child = spawn("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: root, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new Error(`npm can't be started: ${error.message}. Install npm 10 or newer.`)),
    );
    child.once("close", (code) => {
      if (code === 0) {
        console.log(`npm ci: done in ${elapsed()}`);
        resolve();
      } else {
        reject(new Error(`npm ci ended with ${code}: see its lines above.`));
      }
    });
  }).finally(() => clearInterval(timer));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
