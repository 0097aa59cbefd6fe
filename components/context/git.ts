import { execFile, spawnSync } from "node:child_process";

import { withoutLogins } from "../support/withoutLogins";
import { isScpLocation } from "./remoteLocation";
import { loginEnvironment, loginOf, withoutLogin } from "./gitLogin";

/** A Git context as BuildKit reads its URL. */
export interface GitContext {
  /** What `git` is asked, without credentials and fragment. */
  remote: string;
  /** `user:password` of an http(s) URL. */
  credentials?: string;
  /** The branch or tag; none for the default branch. */
  ref?: string;
  /** The same context with this commit in place of its ref. */
  pin(commit: string): string;
}

const commitPattern = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const shortCommitPattern = /^[0-9a-f]{4,39}$/;
const lookUpTimeoutMilliseconds = 20_000;
// Most servers answer within it. This process is blocked meanwhile, and says nothing.
const quietMilliseconds = 3_000;

/**
 * A Git URL whose ref may move, or nothing: for another context, and for a commit.
 *
 * @see https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dfgitutil/git_ref.go
 */
export function parseGitContext(location: string): GitContext | undefined {
  const [, base, query = "", fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(location) ?? [];
  if (base === undefined || !isGit(base)) {
    return undefined;
  }
  const [name, ...subfolder] = fragment.split(":");
  const parameters = new URLSearchParams(query);
  const ref = name || queriedRef(parameters);
  if (commitPattern.test(ref ?? "") || parameters.has("checksum") || parameters.has("commit")) {
    return undefined;
  }
  for (const key of ["ref", "branch", "tag"]) {
    parameters.delete(key);
  }
  const rest = [...parameters].length > 0 ? `?${parameters.toString()}` : "";
  const [, scheme, credentials, host] = /^(https?:\/\/)(?:([^/]*)@)?(.*)$/is.exec(base) ?? [];
  const remote = scheme === undefined ? base : `${scheme}${host}`;
  return {
    remote: base.startsWith("github.com/") ? `https://${base}` : remote,
    credentials,
    ref,
    pin: (commit) => `${base}${rest}#${[commit, ...subfolder].join(":")}`,
  };
}

/** Whether a context is a Git repository, at whatever ref or commit. */
export function isGitLocation(location: string): boolean {
  return isGit(location.replace(/[?#].*$/s, ""));
}

function isGit(base: string): boolean {
  return /^(https?:\/\/.*\.git|(git|ssh):\/\/.*|github\.com\/.*)$/i.test(base) || isScpLocation(base);
}

function queriedRef(parameters: URLSearchParams): string | undefined {
  const [branch, tag] = [parameters.get("branch"), parameters.get("tag")];
  if (branch) {
    return branch.startsWith("refs/heads/") ? branch : `refs/heads/${branch}`;
  }
  if (tag) {
    return tag.startsWith("refs/tags/") ? tag : `refs/tags/${tag}`;
  }
  return parameters.get("ref") ?? undefined;
}

/**
 * The commit that a Git context's ref has now, as `git` of this machine learns it, with its own credentials.
 *
 * Synchronous: what it finds decides on options of a resource.
 * @param log is called, before the wait begins, for a server that does not answer at once.
 */
export function lookUpCommit(context: GitContext, log: (message: string) => void): FoundCommit {
  const look = lookUp(context);
  if ("problem" in look) {
    return look;
  }
  const ask = (timeout: number) =>
    spawnSync("git", look.words, { ...look.options, timeout, stdio: ["ignore", "pipe", "pipe"] });
  let answer = ask(quietMilliseconds);
  if (isLate(answer.error)) {
    const seconds = lookUpTimeoutMilliseconds / 1_000;
    log(
      `looking up ${describeGit(context)}: no answer in ${quietMilliseconds / 1_000} s; waiting at most ${seconds} s`,
    );
    answer = ask(lookUpTimeoutMilliseconds - quietMilliseconds);
  }
  const { status, stdout, stderr, error } = answer;
  return error || status !== 0 ? failed(error, stderr) : commitOf(context, stdout);
}

/** The same of a context that is known later, when others have use of this process. */
export async function lookUpKnown(context: GitContext, more: NodeJS.ProcessEnv = {}): Promise<FoundCommit> {
  const look = lookUp(context);
  if ("problem" in look) {
    return look;
  }
  return new Promise((resolve) => {
    const options = { ...look.options, env: { ...look.options.env, ...more }, timeout: lookUpTimeoutMilliseconds };
    const child = execFile("git", look.words, options, (error, stdout, stderr) => {
      const code = error?.killed ? "ETIMEDOUT" : typeof error?.code === "string" ? error.code : undefined;
      resolve(error ? failed(code ? Object.assign(error, { code }) : undefined, stderr) : commitOf(context, stdout));
    });
    child.stdin?.on("error", () => undefined).end();
  });
}

/**
 * Whether the server of a Git context gives this machine no answer at all. The location is what a node says, and so what a
 * Dockerfile's frontend may say: it is asked without any login, whose refusal is an answer, too.
 */
export async function isGitServerSilent(location: string): Promise<boolean> {
  // Whatever it has: a commit could not be looked up.
  const context = parseGitContext(location.replace(/[?#].*$/s, ""));
  const found = context && (await lookUpKnown({ ...context, credentials: undefined }, withoutLogin()));
  return found !== undefined && "problem" in found && found.isSilent === true;
}

/** A Git context in words, without credentials. */
export function describeGit({ remote, ref }: Pick<GitContext, "remote" | "ref">): string {
  return `${ref ?? "the default branch"} of ${withoutLogins(remote) as string}`;
}

type FoundCommit = { commit: string } | { problem: string; isSilent?: boolean };

interface LookUp {
  words: string[];
  options: { encoding: "utf8"; env: NodeJS.ProcessEnv };
}

function lookUp({ remote, credentials, ref }: GitContext): LookUp | { problem: string } {
  const login = credentials === undefined ? undefined : loginOf(credentials);
  if (login === null || remote.includes("\0") || ref?.includes("\0")) {
    return { problem: "its URL holds a control character" };
  }
  const wanted = ref ? [ref, `${ref}^{}`] : ["HEAD"];
  return {
    words: ["ls-remote", "--", remote, ...wanted],
    options: {
      encoding: "utf8",
      env: { ...process.env, ...quietEnvironment(), ...(login && loginEnvironment(remote, login)) },
    },
  };
}

function failed(error: NodeJS.ErrnoException | undefined, stderr: string | null): FoundCommit {
  const problem = withoutLogins(problemOf(error, stderr)) as string;
  return isLate(error) ? { problem, isSilent: true } : { problem };
}

function isLate(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === "ETIMEDOUT";
}

function commitOf({ ref }: GitContext, answer: string): FoundCommit {
  const commit = chooseCommit(answer, ref);
  if (commit) {
    return { commit };
  }
  const isShort = shortCommitPattern.test(ref ?? "");
  const advice = isShort ? ", and no commit is found by its first characters: write all 40 of them" : "";
  return { problem: `it has no ${ref ? `branch or tag ${ref}${advice}` : "default branch"}` };
}

/** Nothing is asked of whoever sits there. */
function quietEnvironment(): NodeJS.ProcessEnv {
  return {
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: process.env.GIT_SSH_COMMAND ?? "ssh -oBatchMode=yes",
  };
}

function problemOf(error: NodeJS.ErrnoException | undefined, stderr: string | null): string {
  if (error?.code === "ENOENT") {
    return "git is not on PATH";
  }
  if (isLate(error)) {
    return `no answer in ${lookUpTimeoutMilliseconds / 1000} s`;
  }
  return stderr?.trim().split("\n")[0] || (error?.message ?? "git failed");
}

/**
 * A branch before a tag, and of an annotated tag its commit, as BuildKit chooses.
 *
 * @see https://github.com/moby/buildkit/blob/v0.33.1/source/git/source.go
 */
export function chooseCommit(answer: string, ref: string | undefined): string | undefined {
  const lines = answer.split("\n").map((line) => line.split("\t"));
  const commits = new Map(lines.map(([commit, name]) => [name, commit]));
  const tag = `refs/tags/${ref?.replace(/^refs\/tags\//, "")}`;
  const names = ref
    ? [`refs/${ref.replace(/^refs\//, "")}`, `refs/heads/${ref.replace(/^refs\/heads\//, "")}`, `${tag}^{}`, tag]
    : ["HEAD"];
  // `refs/tags/v1` itself is an annotated tag's own object.
  const peeled =
    ref?.startsWith("refs/tags/") || ref?.startsWith("tags/") ? [`refs/${ref.replace(/^refs\//, "")}^{}`] : [];
  const found = [...peeled, ...names].map((name) => commits.get(name)).find((commit) => commit !== undefined);
  return found !== undefined && commitPattern.test(found) ? found : undefined;
}
