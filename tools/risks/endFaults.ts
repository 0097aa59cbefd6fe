import type { Fault } from "./row";

const schedule =
  "a scheduled `stop` (ec2.md, a backstop from outside), which stops a healthy `persistent` node, too, unless somebody holds it or builds on it";

/** Of a node that has to end by itself, and of what it finds when it starts. */
export const endFaults: readonly Fault[] = [
  {
    part: "an EC2 node's end",
    fault: "the watch crashes or hangs, again and again",
    outcome: "the node powers off: after a minute of crashes, after half an hour of hanging",
    state: "ok",
    proofs: [["ec2/machine", "ends when its watch hangs again and again"]],
  },
  {
    part: "an EC2 node's end",
    fault: "the daemon or systemd does not end",
    outcome: "after 5 minutes the watch cuts the power, at last by the kernel alone",
    state: "ok",
    proofs: [
      ["machine/test_ending", "test_cuts_the_power_when_a_stop_hangs"],
      ["machine/test_ending", "test_asks_the_kernel_when_all_hangs"],
    ],
  },
  {
    part: "an EC2 node's end",
    fault: "the user data, Python or the units fail: nothing watches",
    outcome: "the shell of the user data powers off 15 minutes after the boot",
    state: "ok",
    proofs: [["unit/nodes/ec2/machine", "whose watch is …"]],
  },
  {
    part: "an EC2 node's end",
    fault: "cloud-init never runs, or the system's disk hangs, of an ephemeral node",
    outcome: "the next update of its builder ends it",
    state: "weak",
    reason: "without another update nothing ends it",
    way: `${schedule}; \`stop BUILDER\` of the command line ends it at once, \`clean --nodes BUILDER\` once it is 12 minutes old`,
    proofs: [
      ["unit/nodes/ec2/run/ec2Access", "ends an ephemeral instance that nobody claims and that has not ended itself"],
    ],
  },
  {
    part: "an EC2 node's end",
    fault: "cloud-init never runs, or the system's disk hangs, of a kept node",
    outcome: "the update that started it stops it when it never answers; else an alarm does, after two idle hours",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/run/ec2Access", "is stopped, if this update has started it"],
      ["ec2/backstop", "is stopped from outside once it has idled for hours, and nobody else's is, nor one that works"],
    ],
  },
  {
    part: "an EC2 node's end",
    fault: "a kept node hangs while its processor is busy, or is `persistent`",
    outcome: "nothing ends it",
    state: "weak",
    reason: "the alarm sees idleness alone, and a persistent node is to idle",
    way: `an alarm on EC2's own checks (\`StatusCheckFailed\`: the code is in ec2.md, a backstop from outside), or a scheduled \`stop\``,
  },
  {
    part: "an EC2 node",
    fault: "the system's disk is full",
    outcome: "the last known settings hold, and builds go on",
    state: "ok",
    proofs: [
      ["machine/test_watch", "test_a_full_disk_ends_no_watch"],
      ["machine/test_keep_looking", "test_outlives_looks_that_fail"],
    ],
  },
  {
    part: "an EC2 node",
    fault: "the power is cut while programs are unpacked",
    outcome: "the next boot downloads them again",
    state: "ok",
    proofs: [
      ["ec2/machine", "mends at its next boot what a power cut left of its programs"],
      ["machine/test_files", "test_downloads_again_what_a_power_cut_left_short"],
    ],
  },
  {
    part: "an EC2 node",
    fault: "its firewall can't be set",
    outcome: "it stays closed, and says so on its console, which the waiting update shows",
    state: "ok",
    proofs: [["machine/test_files", "test_a_firewall_that_can_not_be_set_is_told_once_and_costs_no_cache"]],
  },
  {
    part: "an EC2 node",
    fault: "its clock is behind while it reads the lease",
    outcome: "no claim lasts more than a day",
    state: "ok",
    proofs: [["machine/test_watch", "test_a_lease_read_while_the_clock_is_behind_ends_after_a_day"]],
  },
  {
    part: "a local node",
    fault: "its daemon hangs",
    outcome: "it is ended after 10 silent minutes",
    state: "ok",
    proofs: [["unit/nodes/local/localDaemon", "silent for long, which counts as busy"]],
  },
  {
    part: "the machine that runs Pulumi",
    fault: "its user has no name, HOME or the cache is another's, or the place for sockets is taken",
    outcome: "it builds, or says in one sentence what is missing",
    state: "ok",
    proofs: [
      ["unit/support/oddMachines", "builds for a user without a name, with umask …, and is closed to all others"],
      ["unit/support/oddMachines", "builds where the cache is another user's"],
      ["unit/support/oddMachines", "builds where … has taken the place for sockets"],
      ["unit/support/oddMachines", "builds with a cache that …, and neither keeps nor removes anything there"],
      [
        "unit/support/oddMachines",
        "says in one sentence that HOME is not this user's to write to, and builds with a place for buildx's store",
      ],
    ],
  },
  {
    part: "the machine that runs Pulumi",
    fault: "the cache folder can't be written",
    outcome: "nothing is kept, and nothing fails",
    state: "ok",
    proofs: [["unit/registry/registryKept", "fails nothing where the cache can't be written"]],
  },
];
