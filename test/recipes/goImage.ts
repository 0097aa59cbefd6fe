import * as fs from "node:fs";
import * as path from "node:path";

import { type BuildHost, execute } from "../hosts";
import { temporaryDirectory } from "../main/stack";

/**
 * Pushes an image with this machine's own Go in place of the official one: Debian, and of Go what a program of the
 * standard library is compiled with.
 *
 * @returns its reference
 */
export async function pushGoImage(node: Pick<BuildHost, "buildctl">, base: string, reference: string): Promise<string> {
  const [root, tools] = (await execute(["go", "env", "GOROOT", "GOTOOLDIR"])).trim().split("\n");
  const folder = temporaryDirectory("go");
  const programs = ["asm", "compile", "link"].map((tool) => path.join(path.relative(root, tools), tool));
  const parts = ["bin/go", ...programs, "pkg/include", "src", "VERSION", "go.env"];
  // Before 1.21 there is no go.env.
  const existing = parts.filter((part) => fs.existsSync(path.join(root, part)));
  const without = ["src/cmd", "testdata", "*_test.go"].map((pattern) => `--exclude=${pattern}`);
  // Links are followed: a distribution's Go has its parts elsewhere.
  await execute(["tar", "-chf", path.join(folder, "go.tar"), ...without, "-C", root, ...existing]);
  fs.writeFileSync(
    path.join(folder, "Dockerfile"),
    `FROM ${base}\nADD go.tar /usr/local/go/\nENV PATH=/usr/local/go/bin:/usr/bin:/bin\n`,
  );
  const locals = ["--local", `context=${folder}`, "--local", `dockerfile=${folder}`];
  const output = `type=image,name=${reference},push=true,compression=uncompressed`;
  await node.buildctl(["build", "--frontend", "dockerfile.v0", ...locals, "--output", output]);
  return reference;
}
