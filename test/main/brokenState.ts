import * as fs from "node:fs";
import * as path from "node:path";

import { execute } from "../hosts/command";
import type { Stack } from "./stack";

const page = path.resolve(__dirname, "../../docs/troubleshooting.md");

/** A section of troubleshooting.md whose heading is what Pulumi says, with what it has a user run. */
interface WayBack {
  messages: string[];
  commands: string;
}

/** Does what the page says to a user who reads such output, and says which commands that were. */
export async function mendState(
  { backend, project, stack }: Pick<Stack, "backend" | "project" | "stack">,
  output: string,
): Promise<string | undefined> {
  const isSaid = (message: string) => message.split("…").every((part) => output.includes(part));
  const named = (text: string) => text.replaceAll("PROJECT", project).replaceAll("STACK", stack);
  const way = waysBack().find(({ messages }) => messages.map(named).some(isSaid));
  if (!way) {
    return undefined;
  }
  const commands = named(way.commands).trim();
  await execute(["sh", "-euc", `cd "$0"\n${commands}`, backend]);
  return commands;
}

function waysBack(): WayBack[] {
  const [, section] = fs.readFileSync(page, "utf8").split("\n## A state that can't be read\n");
  const sections = section
    .split(/\n## /)[0]
    .split(/\n### /)
    .slice(1);
  return sections.map((text) => ({
    messages: [...text.split("\n")[0].matchAll(/`([^`]+)`/g)].map(([, message]) => message),
    commands: text.match(/```sh\n(.+?)```/s)?.[1] ?? "",
  }));
}
