import { accessFaults } from "./accessFaults";
import { endFaults } from "./endFaults";
import { nodeFaults } from "./nodeFaults";
import { podFaults } from "./podFaults";
import type { Fault } from "./row";

const buildFaults: readonly Fault[] = [
  {
    part: "a build",
    fault: "its node ends, is cut off or loses its power",
    outcome: "the same update builds again, on the node's next start or on another node; three times at most",
    state: "ok",
    proofs: [
      ["farm/healing", "ended by AWS, ephemeral: the same update succeeds on another, each time"],
      ["farm/healing", "cut off: the same update succeeds, whatever the lifecycle"],
      ["farm/healing", "without power: the same update succeeds on the same instance"],
      ["farm/silent", "partitioned: the same up succeeds (…)"],
      ["main/lostNode", "killed and replaced at another address with another root: the same up succeeds (trial …)"],
    ],
  },
  {
    part: "a build",
    fault: "its node stays dead",
    outcome: "an error at most 10 s after `wakeTimeoutSeconds` that names the node, the cause and the fix",
    state: "ok",
    proofs: [
      ["main/lostNode", "stays dead mid-build: an error within 10 s of its deadline names node and cause"],
      ["main/nodeFaults", "drops packets: an error within 10 s of its deadline names node and cause"],
      ["main/nodeFaults", "accepts and stays silent: an error within 10 s of its deadline"],
    ],
  },
  {
    part: "a build",
    fault: "the disk of its node is full",
    outcome: "what no build uses is removed, and the same update builds again",
    state: "ok",
    proofs: [
      ["farm/diskFull", "by a step, removes what earlier builds left, and the same up succeeds"],
      ["farm/retries", "of what earlier builds left: that is removed, and the same up succeeds"],
    ],
  },
  {
    part: "a build",
    fault: "a step needs more than was free, and removes what it wrote before it fails",
    outcome:
      "it is built once more, and then fails with the fix: by then the disk has room again, which proves nothing, so the cache is kept",
    state: "weak",
    reason: "whether a disk was full is seen only while it is; what a step says must cost nobody's cache",
    way: "more space there (`cacheVolumeSizeGibibytes`), or `docker buildx prune` after `wake`",
    proofs: [
      ["unit/session/diskFull", "costs nobody's cache if a step only says so: it is built once more, and then fails"],
    ],
  },
  {
    part: "a build",
    fault: "a registry answers 429",
    outcome: "it is waited for, three times within 65 s, and built again",
    state: "ok",
    proofs: [["farm/retries", "because the registry has too many requests: it waits, and the same up succeeds"]],
  },
  {
    part: "a build",
    fault: "the Dockerfile is wrong, or a login is refused",
    outcome: "fails at once",
    state: "ok",
    proofs: [
      ["main/lostNode", "a broken Dockerfile fails at once, without a retry"],
      ["farm/retries", "because the registry refuses the credentials: no other try"],
    ],
  },
  {
    part: "a build",
    fault: "the index in the registry lacks a platform, or is another",
    outcome: "the update fails, and so does the next, until it is built again",
    state: "ok",
    proofs: [
      [
        "main/tampered",
        "lacks a platform after the push: this up fails, and so does the next, and both say how to build again",
      ],
    ],
  },
];

const updateFaults: readonly Fault[] = [
  {
    part: "an update",
    fault: "it is interrupted",
    outcome: "over within 10 s, access is given up, and nodes stop when they are idle",
    state: "ok",
    proofs: [
      ["ec2/killed", "Ctrl-C: `pulumi up` ends, access is given up, and the node stops"],
      ["main/lostNode", "Ctrl-C mid-build: over within 10 s, no retry, nothing left running, and the next up works"],
    ],
  },
  {
    part: "an update",
    fault: "it is killed",
    outcome: "nodes end by themselves when they are idle; the next update works after `pulumi cancel`",
    state: "ok",
    proofs: [
      [
        "ec2/killed",
        "SIGKILL: the node stops, and the next update works after `pulumi cancel`; destroy right after a kill leaves nothing",
      ],
      ["farm/ephemeral", "an update that is killed leaves a node that ends itself, and `destroy` copes with it"],
      ["ec2/access", "sweeps the rules of callers that were killed, and no others"],
    ],
  },
  {
    part: "an update",
    fault: "it, or its program alone, is killed at any of its calls to AWS, or `destroy` is",
    outcome:
      "nodes end when they are idle, the lease stays small, the next update is green, and `destroy` leaves nothing",
    state: "ok",
    proofs: [
      ["ec2/killedCallers", "leaves nothing that runs, and the next one builds: … nodes"],
      ["ec2/killedUps", "and at any of `destroy`'s: nodes stop, the next update is green, and destroy leaves nothing"],
    ],
  },
  {
    part: "an update",
    fault: "it is killed while it makes its builder",
    outcome: "`destroy` removes what Pulumi knows; what was being made may stay, and Pulumi names it",
    state: "weak",
    reason: "Pulumi notes a resource when AWS has answered, and AWS keeps what it has made",
    way: "end an instance that Pulumi does not know before `destroy`, and remove by its tag or name what stays: the commands are in troubleshooting.md, what stays in AWS",
    proofs: [["ec2/killedUps", "while it makes its builder: nothing runs on, and what is left is what Pulumi names"]],
  },
  {
    part: "an update",
    fault: "it is killed while Pulumi writes its state in files (`file://`)",
    outcome: "the next command may say `failed to load checkpoint: EOF`; the state is whole",
    state: "weak",
    reason:
      "Pulumi writes a note beside the state in place, and can't read a state whose note is cut short (upstream.md)",
    way: "remove the note, `STACK.json.attrs` (troubleshooting.md, a state that can't be read); `?metadata=skip` in the backend's URL, or another backend",
    proofs: [
      ["main/brokenState", "is as troubleshooting.md has it, and is mended as it says, where …"],
      ["main/brokenState", "has no notes that could break where its URL says so"],
    ],
  },
  {
    part: "an update",
    fault: "several build on one node at the same time, and one ends or is killed",
    outcome: "the others are right",
    state: "ok",
    proofs: [
      ["main/lostNode", "two ups of two stacks on one node, the first …: the other is right (trial …)"],
      ["farm/sharing", "… images of one program wake it once, and each has its own digest"],
    ],
  },
  {
    part: "an update",
    fault: "AWS throttles, or is down for a while",
    outcome: "it is waited for within `wakeTimeoutSeconds`",
    state: "ok",
    proofs: [["ec2/wake", "waits while AWS is throttled or down"]],
  },
  {
    part: "an update",
    fault: "Parameter Store is down",
    outcome: "nodes go on with their last settings; no build can begin, though nodes may answer",
    state: "weak",
    reason: "a claim is what keeps a node awake: without one it could stop under a build",
    way: "try again; `remote` nodes need no AWS",
  },
  {
    part: "an update",
    fault: "certificates have expired, or clocks differ",
    outcome: "named before a node is woken, with the dates of both sides",
    state: "ok",
    proofs: [
      ["farm/certificates", "that have expired are named, before a node is woken"],
      [
        "farm/certificates",
        "are not valid yet by a clock that is an hour slow, which is named; an hour fast does no harm",
      ],
    ],
  },
];

/** What can go wrong by itself, and what happens then. docs/reliability.md is made of it. */
export const faults: readonly Fault[] = [
  ...buildFaults,
  ...updateFaults,
  ...accessFaults,
  ...nodeFaults,
  ...podFaults,
  ...endFaults,
];
