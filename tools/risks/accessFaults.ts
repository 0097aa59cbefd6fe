import type { Fault } from "./row";

/** Of what an update holds on EC2, and of what is left of one that was killed. */
export const accessFaults: readonly Fault[] = [
  {
    part: "access to EC2 nodes",
    fault: "hundreds of updates are killed within a day",
    outcome: "the lease stays small, their rules are removed by the next update, and it builds",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/run/ec2LeaseCrowd", "is free again 40 seconds after 200 were killed, and small"],
      ["unit/nodes/ec2/run/ec2Lease", "is made in a lease full of claims that are over, and leaves it small"],
      ["unit/nodes/ec2/run/ec2Access", "makes room in a group that is full of rules of callers that were killed"],
      ["unit/nodes/ec2/run/ec2Access", "removes a rule of a caller that was killed, and of no other"],
      [
        "unit/nodes/ec2/run/ec2Access",
        "removes a rule of a caller that was killed a moment before, when its claim is over",
      ],
    ],
  },
  {
    part: "access to EC2 nodes",
    fault: "very many build at the same time",
    outcome: "each has its claim, and writes seldom",
    state: "ok",
    proofs: [
      [
        "unit/nodes/ec2/run/ec2LeaseCrowd",
        "has the claims of … that came at once, with … instances each, and writes seldom",
      ],
      ["unit/nodes/ec2/run/ec2Lease", "are shared by updates beyond a number, but for the writer's own"],
    ],
  },
  {
    part: "access to EC2 nodes",
    fault: "more than 60 callers with `ingress` from `caller` at the same time",
    outcome: "an error that explains a group that is full",
    state: "documented",
    reason: "a security group has 60 rules by default, and each caller has its own",
    way: "`cidrs`, `vpc`, or a higher quota (L-0EA8095F)",
    proofs: [["ec2/access", "explains a group that is full"]],
  },
  {
    part: "access to EC2 nodes",
    fault: "AWS answers late while an image gives up what it held",
    outcome: "what the next image holds is not taken from it",
    state: "ok",
    proofs: [["unit/nodes/ec2/run/ec2Access", "late, because AWS hangs: it takes nothing from what is held after it"]],
  },
  {
    part: "access to EC2 nodes",
    fault: "the caller's own address changes",
    outcome: "it is let in at its new one, and no node is stopped for that",
    state: "ok",
    proofs: [
      ["ec2/movedCaller", "is let in at its new one: the same update is green, and no node is stopped"],
      ["unit/nodes/ec2/run/ec2Access", "is let in there, and stops no node for that"],
      ["unit/nodes/ec2/run/ec2Access", "is let in while it waits for a node's first answer, also of an ephemeral one"],
    ],
  },
  {
    part: "access to EC2 nodes",
    fault: "the way from the caller to a node is cut, and the node is well",
    outcome:
      "EC2's status checks are asked: no node is stopped or replaced for that, a message names the way, and the same update goes on when it is there again",
    state: "ok",
    proofs: [
      ["ec2/cutWay", "ends no node that EC2 reaches, says whose fault it is, and the same update is green (…)"],
      [
        "unit/nodes/ec2/run/ec2CutWay",
        "reaches it: it is neither stopped nor given up, and the user reads once that the way to it is cut (…)",
      ],
    ],
  },
  {
    part: "access to EC2 nodes",
    fault: "the way from the caller to a node is cut in the first minutes after the node's start",
    outcome: "the node is stopped and started, or replaced, once",
    state: "weak",
    reason: "EC2's status checks are not through by then, and a node that hangs looks the same",
    way: "bring the way up (VPN, route) before the update; nothing else is to be done, because a node that somebody else claims is not stopped",
    proofs: [["unit/nodes/ec2/run/ec2CutWay", "does not say that it reaches it: it is replaced (…)"]],
  },
  {
    part: "access to EC2 nodes",
    fault: "ephemeral nodes end between two images of one update",
    outcome: "the next image launches others, spot again",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/run/ec2Access", "between two images: another spot instance is launched, for none was lost"],
    ],
  },
  {
    part: "the command line",
    fault: "two `wake`s of one machine at the same time",
    outcome: "the machine is let in, by one rule after the next",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/shell/cliClaim", "lets it in, however many begin at once"],
      ["unit/nodes/ec2/shell/cliClaim", "is one rule, also after the next"],
    ],
  },
];
