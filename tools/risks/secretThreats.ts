import type { Threat } from "./row";

/** Of keys, logins and what others' text may do on the machine that runs Pulumi. */
export const secretThreats: readonly Threat[] = [
  {
    asset: "clients' and CAs' keys",
    threat: "they are read in state, logs, command lines, files or user data",
    state: "ok",
    proofs: [
      ["main/secrets", "… is in no log"],
      ["main/secrets", "… is not in the state in clear"],
      ["main/secrets", "… is on no command line"],
      ["main/secrets", "… is in no file of the caller's machine"],
      ["farm/sharing", "its key is in no state in clear, in no output, and in no file of a caller"],
      ["ec2/machine", "has its private key in one file for root alone, and in no process list, log or user data"],
    ],
  },
  {
    asset: "clients' keys",
    threat: "`wake` of the command line",
    state: "documented",
    reason: "buildx reads keys from files: they lie in ~/.config, for this user alone, until `clean`",
    way: "`multi-platform-image clean`, or builds within `pulumi up`, which write none",
    proofs: [["unit/cli/cliFiles", "are the certificate and its key, for this user alone"]],
  },
  {
    asset: "sockets of the relay",
    threat: "another user of the machine connects",
    state: "ok",
    proofs: [["unit/transport/relay", "opens its sockets to this user only"]],
  },
  {
    asset: "files of the machine that runs Pulumi",
    threat: "a connection of another stack or account names `../../x` for a node or a builder",
    state: "ok",
    proofs: [
      ["unit/builder/builderConnection", "fails if a node's name leads elsewhere, without a word of the key"],
      ["unit/builder/builderConnection", "fails if the builder's name leads elsewhere, without a word of the key"],
      ["unit/cli/cli", "is refused if a node's name leads elsewhere"],
      ["unit/cli/cliFiles", "are not written for …, which is no builder's name"],
      ["unit/builder/hostileConnection", "is taken, or refused with a sentence that holds nothing of it"],
    ],
  },
  {
    asset: "ssh hosts, and the machine that runs Pulumi",
    threat: "an endpoint's user, host or path holds a command",
    state: "ok",
    proofs: [
      ["unit/transport/endpoint", 'says what is wrong with "ssh://me@arm/run/b.sock;id;"'],
      ["unit/transport/endpoint", 'says what is wrong with "ssh://-oProxyCommand=id@arm"'],
      ["unit/nodes/remote/dockerHost", "quotes what is no plain word"],
    ],
  },
  {
    asset: "the terminal",
    threat: "ssh hosts, daemons and consoles write escape sequences",
    state: "ok",
    proofs: [
      ["unit/support/plainText", "do so in errors, of ssh hosts and of daemons"],
      ["unit/support/plainText", "do so in the command line's lines"],
      ["unit/support/plainText", "do so in the command line's tables, in which none begins a row"],
    ],
  },
  {
    asset: "the index that is deployed",
    threat: "a registry gives other content than was pushed",
    state: "ok",
    proofs: [
      ["main/tampered", "has other content than was pushed: the up fails"],
      ["unit/registry/registry", "fails if the registry's bytes are not those of the digest"],
    ],
  },
  {
    asset: "a `# syntax=` image",
    threat: "the Dockerfile's author chooses any",
    state: "documented",
    reason: "it has no more privileges than a RUN step, and there is no list of allowed ones",
    way: "pin it by digest in the Dockerfile; builders of their own for authors that are not trusted",
  },
  {
    asset: "arguments, secrets and logins of a build",
    threat: "reports of builds hold them: pages, files, the state, the page of a CI's job",
    state: "weak",
    reason:
      "they are hidden where they stand as they were given: what a step prints of one in another form (base64, in parts), or of fewer than four characters, stays in `report.html` alone, and names of steps have the Dockerfile's own words",
    way: "`secrets` in place of `buildArgs`, which steps then don't print; `report: false`",
    proofs: [
      ["unit/insights/insightTexts", "hides values, their lines, and logins of URLs"],
      ["unit/insights/insightTexts", "hides a value that is an URL with a login, as it is and as BuildKit shows it"],
      [
        "unit/insights/insightTexts",
        "shows no part of a line of a log's end, whose other part would be known for a secret",
      ],
      [
        "unit/insights/insights",
        "no value of an argument is in a base image's name, neither in the report nor in what is kept",
      ],
      ["unit/insights/insights", "no login of a Git context is in what is kept"],
    ],
  },
  {
    asset: "whoever reads a report of a build",
    threat: "a Dockerfile, a file's name, or a project that brings such files along puts code or commands into it",
    state: "ok",
    proofs: [
      [
        "unit/insights/insightTexts",
        "the page of 30 steps is below 150 KB, loads nothing, has no script, and no text of others is code in it",
      ],
      ["unit/insights/insightTexts", "has no line in a line of the log, where a CI would obey it"],
      ["unit/insights/insightFiles", "is nothing where it has …: whoever brings the project along may have written it"],
    ],
  },
  {
    asset: "build arguments in provenance `max`",
    threat: "whoever can pull the image reads them",
    state: "documented",
    reason: "that is what `max` is for; logins in URLs are taken out",
    way: "`min`, and `secrets` in place of `buildArgs`",
    proofs: [
      [
        "unit/provenance/provenance",
        "keeps no argument, label, secret or step in min, and says that the request is not complete",
      ],
    ],
  },
];
