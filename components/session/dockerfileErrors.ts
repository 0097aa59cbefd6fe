/** What BuildKit's errors about a Dockerfile mean, where they do not say what to do. */
const rows: readonly [pattern: RegExp, words: string][] = [
  [
    /exit code: 137\b/,
    "the step was killed (137), mostly because the node has too little memory. Fix: a node with more, or fewer builds at the same time.",
  ],
  [
    /failed to calculate checksum of ref .*: not found/,
    "that path is not in the build context: it is not there, or .dockerignore leaves it out. Paths are relative to the context. Fix: correct the path, or .dockerignore.",
  ],
  [
    /target stage "[^"]*" could not be found/,
    "`target` names no stage of the Dockerfile. Fix: a name that stands after AS.",
  ],
  [
    /base name \(.*\) should not be blank/,
    "a build argument in FROM has no value. Fix: give it in `buildArgs`, or a default.",
  ],
  [/secret [^:]+: not found/, "the step asks for a build secret that is not given. Fix: give it in `secrets`."],
  [/unset ssh forward key/, "the step asks for an SSH agent that is not given. Fix: give it in `ssh`."],
  [
    /(?:security\.insecure|network\.host|device) is not allowed/,
    "the step asks for a right that the node does not give. Fix: leave it out; docker-build has no argument for entitlements.",
  ],
  [/digest mismatch/, "what was downloaded is not what `ADD --checksum` names. Fix: correct the checksum, or the URL."],
];

/** What an error means that the Dockerfile, or what it asks for, has caused. */
export function explainDockerfile(error: string): string | undefined {
  return rows.find(([pattern]) => pattern.test(error))?.[1];
}
