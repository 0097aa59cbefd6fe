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
  suite = debianSuite,
): Promise<void> {
  // Nothing of another platform is run, or an emulator is there that mmdebstrap cannot see.
  const all = ["--mode=root", "--skip=check/qemu", ...options, suite, target, ...(await debianSources(suite))];
  const own = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"];
  const command = ["setpriv", "--pdeathsig", "KILL", "--", ...(await wrap([...own, "mmdebstrap", ...all]))];
  await execute(command, { timeoutMilliseconds: 1_200_000, env: { ...process.env, TMPDIR: folder } });
}

/** The machine's own sources, asked for this release, or none, which is mmdebstrap's own default. */
export async function debianSources(suite: string): Promise<string[]> {
  const format = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
  const said = await execute(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]).catch(() => "");
  const debian = /^(deb \S+ )(?:bookworm|trixie)(-updates|-security)? main$/;
  const lines = said
    .split("\n")
    .map((line) => debian.exec(line))
    .flatMap((found) => (found ? [`${found[1]}${suite}${found[2] ?? ""} main`] : []));
  return lines.some((line) => line.endsWith(` ${suite} main`)) ? [...new Set(lines)] : [];
}
