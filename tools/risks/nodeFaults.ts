import type { Fault } from "./row";

/** Of a node: what befalls its machine, its daemon and its disk. */
export const nodeFaults: readonly Fault[] = [
  {
    part: "an EC2 node",
    fault: "BuildKit's archive, the packages or the user data fail at its first boot",
    outcome:
      "the waiting update shows the node's own words within `wakeTimeoutSeconds`; the node stops when it is idle",
    state: "ok",
    proofs: [
      ["ec2/faults", "an archive that is not there"],
      ["ec2/faults", "user data that fails"],
    ],
  },
  {
    part: "an EC2 node",
    fault: "a spot instance is taken back",
    outcome: "the node ends its builds in time, and the same update builds on another, on demand",
    state: "ok",
    proofs: [
      ["farm/nodes", "takes no more work once AWS reclaims it, ends what it has, and is gone before AWS takes it"],
      [
        "farm/ephemeral",
        "a spot notice in the middle of a build: the same update succeeds, on demand where it was cut",
      ],
    ],
  },
  {
    part: "an EC2 node",
    fault: "there is no capacity of its type",
    outcome: "the next type or zone, or on demand; an error that says so where there is none",
    state: "ok",
    proofs: [
      [
        "farm/ephemeral",
        "without capacity of the first type the next one is taken; without spot it is bought on demand",
      ],
    ],
  },
  {
    part: "an EC2 node",
    fault: "buildkitd is killed again and again",
    outcome: "it is started again, and nothing of the killed steps is left",
    state: "ok",
    proofs: [["ec2/machine", "comes back from kill -9 each time, and nothing of the killed steps is left"]],
  },
  {
    part: "an EC2 node",
    fault: "its volume comes late, or never",
    outcome: "an ephemeral node goes on without its cache",
    state: "ok",
    proofs: [["farm/nodes", "waits for its volume until it is told to go without it"]],
  },
  {
    part: "a local node",
    fault: "its daemon or the process that watches it is killed",
    outcome: "the next update starts or adopts it, with its cache",
    state: "ok",
    proofs: [
      ["main/local", "are found again when one was killed"],
      ["main/local", "are adopted when the process that watches one was killed"],
    ],
  },
];
