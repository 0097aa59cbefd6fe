import { execute } from "./command";

/** The release of the tests' Debian systems. */
export const debianSuite = "bookworm";

/**
 * Makes a Debian system from its packages. It dies with the tests, with all that it started, and what it had made until
 * then lies in `folder`.
 */
export async function bootstrapDebian(
  options: string[],
  target: string,
  folder: string,
  wrap: (command: string[]) => Promise<string[]> = (command) => Promise.resolve(command),
): Promise<void> {
  // Nothing of another platform is run, or an emulator is there that mmdebstrap cannot see.
  const all = ["--mode=root", "--skip=check/qemu", ...options, debianSuite, target, ...(await debianSources())];
  const own = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"];
  const command = ["setpriv", "--pdeathsig", "KILL", "--", ...(await wrap([...own, "mmdebstrap", ...all]))];
  await execute(command, { timeoutMilliseconds: 1_200_000, env: { ...process.env, TMPDIR: folder } });
}

/** The machine's own sources where they hold this release, else none, which is mmdebstrap's own default. */
async function debianSources(): Promise<string[]> {
  const format = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
  const said = await execute(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]).catch(() => "");
  const wanted = new RegExp(`^deb \\S+ ${debianSuite}(-updates|-security)? main$`);
  const lines = [...new Set(said.split("\n"))].filter((line) => wanted.test(line));
  return lines.some((line) => line.includes(` ${debianSuite} `)) ? lines : [];
}
