import type { Threat } from "./row";

/** Of what a build is given, and of what comes back from registries and servers. */
export const contextThreats: readonly Threat[] = [
  {
    asset: "private files in a build context",
    threat: "another user of the machine reads the staged copy",
    state: "ok",
    proofs: [
      ["unit/context/contextStage", "is closed to others, and made so where it is open"],
      [
        "unit/context/contextStage",
        "keeps no file that others may not read when its process ends, unless another one uses it",
      ],
    ],
  },
  {
    asset: "folders of the machine that runs Pulumi",
    threat: "the folder of the copies or of the reports is a link to another one, in which what is old is removed",
    state: "ok",
    proofs: [
      ["unit/context/contextStage", "fails if its folder is a link, and removes nothing that is not ours"],
      ["unit/context/contextStage", "is swept beside whatever else lies there"],
      ["unit/insights/insightFiles", "… is not written to where it is a link, and nothing is removed where that leads"],
    ],
  },
  {
    asset: "folders of the machine that runs Pulumi",
    threat:
      "another user makes one of them first, or may write there: sockets, buildx's store, the cache, certificates",
    state: "ok",
    proofs: [
      ["unit/transport/relay", "opens no socket in a folder that was removed before it listens, and is … by then"],
      ["unit/support/oddMachines", "builds where … has taken the place for sockets"],
      ["unit/support/oddMachines", "says in one sentence that buildx's store is one that …, and puts nothing there"],
      ["unit/support/oddMachines", "builds with a cache that …, and neither keeps nor removes anything there"],
      ["unit/cli/cliFiles", "are not written where others may write"],
    ],
  },
  {
    asset: "a Git login",
    threat: "the server, or a Dockerfile's frontend, leads to another host, which is given it",
    state: "ok",
    proofs: [
      ["unit/context/contextGit", "is not given to a host that it is led to: …"],
      ["unit/context/contextGit", "is kept by nobody"],
      [
        "unit/context/contextGit",
        "of this user's own is not given to a server that a node names: whether it answers is all that is asked",
      ],
    ],
  },
  {
    asset: "a registry's login",
    threat: "the registry leads to another host, to one without TLS, or to another realm",
    state: "ok",
    proofs: [
      ["unit/registry/registryLogins", "is not sent on where an upload is to …"],
      ["unit/registry/registryLogins", "of … is not exchanged for a token at …"],
    ],
  },
  {
    asset: "`platformDigests`",
    threat: "somebody writes to the cache of indexes that were read",
    state: "ok",
    proofs: [["unit/registry/registryKept", "is not believed of a cache that another has written"]],
  },
  {
    asset: "secrets among the arguments of an image",
    threat: "they are guessed by the hash in its public tag",
    state: "ok",
    proofs: [
      ["unit/image/repository/repositoryHash", "tells other values that are secrets apart only there, too"],
      ["unit/image/repository/repository", "makes the tag of nothing that is a secret, however deep it lies"],
    ],
  },
  {
    asset: "logins in provenance",
    threat: "URLs in it hold them",
    state: "ok",
    proofs: [["unit/provenance/provenanceLogins", "takes the login out of …"]],
  },
  {
    asset: "secrets on a node's console",
    threat: "`pulumi up` prints the console's last lines when a node fails",
    state: "weak",
    reason: "what looks like a secret is hidden, and no list of such words is whole",
    way: "nothing secret in an `ami` of one's own, which is what else writes there",
    proofs: [["unit/nodes/ec2/run/ec2Text", "loses …"]],
  },
  {
    asset: "the process of an update",
    threat: "a `.dockerignore`, a Dockerfile or a console takes it minutes",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/run/ec2Text", "is cleaned in good time, if it is one line of … alone"],
      ["unit/context/hostilePatterns", "match, or are refused with a sentence"],
      [
        "unit/insights/insights",
        "is found in good time where each of 200 stages takes from the one before in two ways",
      ],
    ],
  },
];
