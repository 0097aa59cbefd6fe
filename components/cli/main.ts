#!/usr/bin/env node
import * as fs from "node:fs";
import * as path from "node:path";

import { BuildError } from "../support/errors";
import { plainText } from "../support/plainText";
import { type Command, parseCommand } from "./commands";
import { clean } from "./clean";
import { helpText } from "./help";
import { policy } from "./policy";
import { report } from "./report";
import { status } from "./status";
import { stop } from "./stop";
import { UsageError } from "./usageError";
import { wake } from "./wake";

/** Does what a command line says, and gives what goes to stdout. */
async function run(command: Command): Promise<string> {
  switch (command.name) {
    case "help":
      return helpText(command.of);
    case "version":
      return `${version()}\n`;
    case "wake":
      return wake(command);
    case "stop":
      return stop(command);
    case "status":
      return status(command);
    case "clean":
      return clean(command);
    case "policy":
      return policy(command);
    case "report":
      return report(command);
    default:
      return command satisfies never;
  }
}

function version(): string {
  const manifest = fs.readFileSync(path.join(__dirname, "../../package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

async function main(): Promise<number> {
  // Of no use to whoever runs a command: the SDK's own advice on Node's versions to come.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  try {
    const command = parseCommand(process.argv.slice(2));
    if (process.platform === "win32") {
      throw new BuildError("Windows is not supported: run multi-platform-image in WSL, on Linux or on macOS");
    }
    process.stdout.write(plainText(await run(command)));
    return 0;
  } catch (error) {
    const { message, stack } = error as Error;
    process.stderr.write(`multi-platform-image: ${plainText((process.env.DEBUG && stack) || message)}\n`);
    if (error instanceof UsageError) {
      process.stderr.write("multi-platform-image COMMAND --help shows what is allowed.\n");
      return 2;
    }
    return 1;
  }
}

// Connections that still wait for an answer nobody needs must not keep a terminal.
void main().then((code) => process.exit(code));
