import * as fs from "node:fs";
import * as path from "node:path";

import { execute } from "../hosts";
import { Stack, type StackOptions, type Spec, temporaryDirectory } from "../main/stack";

/** A Git repository of a project, checked out again and again, as on the machines of a team. */
export interface Source {
  folder: string;
  commit(message: string): Promise<void>;
}

const identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];

export async function git(folder: string, ...args: string[]): Promise<string> {
  return execute(["git", "-C", folder, ...identity, ...args]);
}

/** A repository with these files: name to content, with mode 0755 where the name ends in `.sh`. */
export async function createSource(files: Record<string, string>): Promise<Source> {
  const folder = temporaryDirectory("source");
  await git(folder, "init", "--quiet");
  for (const [name, content] of Object.entries(files)) {
    const full = path.join(folder, name);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, content);
    fs.chmodSync(full, name.endsWith(".sh") ? 0o755 : 0o644);
  }
  const commit = async (message: string) => {
    await git(folder, "add", "--all", "--force");
    await git(folder, "commit", "--quiet", "--message", message);
  };
  return { folder, commit };
}

export interface CheckoutOptions extends StackOptions {
  umask?: string;
}

/** A checkout of a source as a project of Pulumi, by the user's own Git. */
export async function checkOut(source: Source, spec: Spec, options: CheckoutOptions): Promise<Stack> {
  const stack = await Stack.create(spec, options);
  const { directory } = stack;
  await git(directory, "init", "--quiet");
  await git(directory, "fetch", "--quiet", source.folder, "HEAD");
  const script = `umask ${options.umask ?? "022"} && exec git -C "$0" checkout --quiet --force FETCH_HEAD`;
  await execute(["sh", "-c", script, directory]);
  return stack;
}

export function write(folder: string, file: string, content: string): void {
  fs.writeFileSync(path.join(folder, file), content);
}

export function link(folder: string, target: string): void {
  const file = path.join(folder, "app/link");
  fs.rmSync(file, { force: true });
  fs.symlinkSync(target, file);
}
