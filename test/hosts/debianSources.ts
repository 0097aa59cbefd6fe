import { execute } from "./command";

/** The release of the tests' Debian systems, and of the AMI that nodes are made of. */
export const debianSuite = "trixie";

/**
 * Makes a Debian system from its packages. It dies with the tests, with all that it started, and what it had made until
 * then lies in `folder`.
 */
export async function bootstrapDebian(options: readonly string[], target: string, folder: string): Promise<void> {
  // No program of another platform is run.
  const all = ["--mode=root", "--skip=check/qemu", ...options, debianSuite, target, ...(await debianSources())];
  const own = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"];
  const command = ["setpriv", "--pdeathsig", "KILL", "--", ...own, "mmdebstrap", ...all];
  await execute(command, { timeoutMilliseconds: 1_200_000, env: { ...process.env, TMPDIR: folder } });
}

/** The machine's own sources, asked for this release, or none, which is mmdebstrap's own default. */
async function debianSources(): Promise<string[]> {
  const format = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
  const said = await execute(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]).catch(() => "");
  const debian = /^(deb \S+ )(?:bookworm|trixie)(-updates|-security)? main$/;
  const lines = said
    .split("\n")
    .map((line) => debian.exec(line))
    .flatMap((found) => (found ? [`${found[1]}${debianSuite}${found[2] ?? ""} main`] : []));
  return lines.some((line) => line.endsWith(` ${debianSuite} main`)) ? [...new Set(lines)] : [];
}
