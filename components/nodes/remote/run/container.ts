import { containerFlags } from "../../../buildkit/containerImage";
import { type SshEndpoint, sshDestination } from "../../../transport/endpoint";
import type { Failure } from "../../../transport/failures";

/** The one container of a Docker host, whoever builds there: they share its cache. Its volume has the same name. */
export const containerName = "multi-platform-image-buildkit";

// As buildx's driver makes it: https://github.com/docker/buildx/blob/v0.35.0/driver/docker-container/driver.go
const run = [
  'docker run --detach --init --privileged --restart unless-stopped --name "$1" --volume "$1:/var/lib/buildkit" "$2"',
  ...containerFlags,
].join(" ");

// Whoever loses the race for the name starts what the other has made. All that Docker says is kept back: ssh may be gone
// while an image is pulled, and a write would end the pull.
const script = [
  "command -v docker >/dev/null || exit 127",
  `docker container inspect "$1" >/dev/null 2>&1 || { refusal=$(${run} 2>&1 >/dev/null) && exit; }`,
  'failure=$(docker start "$1" 2>&1 >/dev/null) && exit',
  'echo "${refusal:-$failure}" >&2',
  "exit 1",
].join("; ");

/**
 * The command line that has BuildKit's container run on a Docker host: nothing to do where it runs, else a start, else a
 * new one. An existing one is used with the image that it has.
 */
export function startArguments(endpoint: SshEndpoint, image: string): string[] {
  // ssh gives the login shell one text, and that shell may be csh or fish: a single line, all of it quoted for sh.
  const words = ["sh", "-c", script, "sh", containerName, image].map(quote);
  // A host that goes away must not hold up the next attempt.
  const options = ["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"];
  return [...sshDestination(endpoint, options), words.join(" ")];
}

/** What it means that this command failed. */
export function explainStart(code: number | null, said: string): Failure {
  if (code === 127) {
    return {
      cause: "there is no program `docker` on the PATH of ssh's commands on that host",
      fix: "install Docker there; where BuildKit itself runs there, leave out `driver`",
      permanent: true,
    };
  }
  const cause = tellingLine(said) ?? `ssh ended with ${code}`;
  // 255 is ssh's own: https://man.openbsd.org/ssh.1#EXIT_STATUS
  const row = code === 255 ? undefined : rows.find(([pattern]) => pattern.test(cause));
  const [, fix, permanent] = row ?? [undefined, code === 255 ? sshFix : otherFix, false];
  return { cause, fix, permanent };
}

const sshFix = "`ssh` to this endpoint must work from a shell of this machine, without a question";
const otherFix = `see what \`docker start ${containerName}\` says on that host`;

const rows: readonly [pattern: RegExp, fix: string, permanent: boolean][] = [
  [
    /permission denied while trying to connect/i,
    "let the user of `endpoint` use Docker there (the group `docker`), or name another user",
    true,
  ],
  [/cannot connect to the docker daemon|failed to connect to the docker api/i, "start Docker on that host", false],
  [
    /manifest unknown|pull access denied|manifest for .* not found|unauthorized/i,
    "correct `image`, or `docker login` on that host",
    true,
  ],
  [
    /dial tcp|no such host|x509|timeout|TLS handshake/i,
    "let that host reach the registry of `image`, or name one that it reaches, such as a mirror",
    false,
  ],
];

/** The line that says what went wrong, of a pull's progress, ssh's warnings and hints at help. */
function tellingLine(said: string): string | undefined {
  const lines = said.split("\n").flatMap((line) => line.trim().replace(/[.?]+$/, "") || []);
  return lines.filter((line) => /error|denied|cannot|failed/i.test(line)).at(-1) ?? lines.at(-1);
}

/** A word that any shell takes as it is. */
function quote(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
