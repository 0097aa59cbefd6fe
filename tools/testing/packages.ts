import { execFileSync, spawn } from "node:child_process";
import * as readline from "node:readline";
import { hostPackages, missingRequirements } from "../../test/hosts/requirements";
import { findOnPath } from "../../components/support/paths";
import { say, withProgress } from "../progress";

/** Has the system packages of the tests on this machine where that is ours to do, or says what is missing. */
export async function preparePackages(): Promise<void> {
  if (missingRequirements().length > 0 && process.getuid?.() === 0 && findOnPath("apt-get")) {
    const missing = hostPackages.filter((name) => !isInstalled(name));
    say(`tests: installing the system packages ${missing.join(", ")}`);
    try {
      await apt(["update"]);
      await apt(["install", "--yes", "--no-install-recommends", ...missing]);
    } catch (error) {
      say(`tests: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const reason of missingRequirements()) {
    say(`tests: some are skipped on this machine: ${reason}`);
  }
}

function isInstalled(name: string): boolean {
  try {
    const args = ["--show", "--showformat=${Status}", name];
    return execFileSync("dpkg-query", args, { encoding: "utf8", stdio: "pipe" }).endsWith(" installed");
  } catch {
    return false;
  }
}

async function apt(args: readonly string[]): Promise<void> {
  const command = `apt-get ${args.join(" ")}`;
  await withProgress(`tests: ${command}`, async (step) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const child = spawn("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const last: string[] = [];
    for (const input of [child.stdout, child.stderr]) {
      readline.createInterface({ input }).on("line", (line) => {
        last.push(line);
        step.detail(line);
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) {
      throw new Error(`\`${command}\` ended with ${code}:\n${last.slice(-10).join("\n")}`);
    }
  });
}
