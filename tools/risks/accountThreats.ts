import type { Threat } from "./row";

/** Of the AWS account, of other builders in it, and of other builds on a node. */
export const accountThreats: readonly Threat[] = [
  {
    asset: "the account",
    threat: "a pipeline that builds is taken over: it changes launch templates, or runs instances without one",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/policies/policies", "launching without the builder's template is refused to who only builds"],
      ["unit/nodes/ec2/policies/policies", "…: is bound to all resources by nothing but look-ups"],
      ["unit/nodes/ec2/policies/policies", "…: passes roles to EC2 alone"],
    ],
  },
  {
    asset: "the account",
    threat:
      "a pipeline that builds with ephemeral nodes is taken over: it launches a node with a network interface that is there, into a group that others trust",
    state: "ok",
    proofs: [
      [
        "unit/nodes/ec2/policies/policies",
        "launching with a network interface that is there is refused: it would bring another group along",
      ],
      [
        "farm/fleetPolicies",
        "who builds launches with no network interface that is there: its group would be no resource of the call",
      ],
    ],
  },
  {
    asset: "the account",
    threat:
      "a pipeline that builds with ephemeral nodes is taken over: it runs a machine of another type, image or user data as a node",
    state: "documented",
    reason:
      "IAM has no condition on the type, the user data or the behaviour at shutdown that a caller overrides in a launch from the builder's template; that on its image (`ec2:IsLaunchTemplateResource`) is not used, because no page says whether a fleet meets it: `verify:aws --with-documented-policies` asks",
    way: "a service control policy on `ec2:InstanceType`; kept nodes, whose policy for building launches nothing (iam.md)",
  },
  {
    asset: "the account",
    threat: "whoever may declare a builder gives a node's role more than it needs",
    state: "documented",
    reason: "to declare nodes is to write their role's policy and to pass it",
    way: "a permissions boundary or a service control policy; for pipelines that only build the policy for building (iam.md)",
  },
  {
    asset: "other instances of the account",
    threat: "whoever may declare a builder gives its alarm another instance, and another action",
    state: "weak",
    reason:
      "CloudWatch acts with a role of its own, and IAM knows an alarm's actions, not its instance: nothing is terminated, restarted, called or scaled, but any instance can be stopped",
    way: "`ec2.backstop: false`, and the policy `manage` without its statement `Backstop` (iam.md)",
    proofs: [
      [
        "unit/nodes/ec2/policies/policies",
        "an alarm that does anything but stop an instance is refused: CloudWatch would do it with a role of its own",
      ],
    ],
  },
  {
    asset: "other builders",
    threat: "whoever may use one builder reads another's key, changes its settings, or ends its nodes",
    state: "ok",
    proofs: [
      ["unit/nodes/ec2/policies/policies", "…: refuses every call on what is …"],
      ["unit/nodes/ec2/policies/policies", "…: refuses a mixture of its builder's things and another's"],
      ["ec2/policy", "allow none of these calls where they are for another builder"],
    ],
  },
  {
    asset: "other builds on an EC2 node",
    threat: "a RUN step takes the address of one of another build on the bridge of its node",
    state: "weak",
    reason: "answers to that step then get lost, or come to the wrong one",
    way: "TLS for what steps download; two builders for builds that must not see each other",
  },
  {
    asset: "other builds on an EC2 node",
    threat: "a RUN step connects to one of another build",
    state: "ok",
    proofs: [
      ["ec2/machine", "lets no RUN step reach one of another build"],
      ["machine/test_files", "test_steps_reach_neither_each_other_nor_each_other_through_the_node"],
    ],
  },
  {
    asset: "the machine under a local node",
    threat: "a RUN step reaches its loopback, or the instance metadata of a runner on EC2",
    state: "weak",
    reason:
      "steps have a bridge of their own, whose way out is the machine's: the instance metadata is reached, and where BuildKit's CNI programs or iptables are missing the loopback, too, which a start tells; what `ADD` fetches, the daemon fetches on the machine's network",
    way: "hop limit 1 for the runner's instance metadata, `buildkit-cni-*` and iptables on it; or nodes of kind `ec2`",
    proofs: [
      ["unit/nodes/local/localDaemon", "is a bridge of the daemon's own"],
      ["unit/nodes/local/localDaemon", "is the machine's where programs for another are missing, which a start tells"],
    ],
  },
  {
    asset: "the cost of nodes",
    threat: "whoever may build writes a claim for years into the lease",
    state: "weak",
    reason:
      "nodes themselves take it for one of a day, again and again, until somebody writes the lease: callers ignore it, and drop it at their next write",
    way: "any update that builds, or a `wake`; the alarm stops a kept node that idles for two hours even so",
    proofs: [
      [
        "unit/nodes/ec2/run/ec2Lease",
        "are for a day at most: none that was written once holds nodes for good, or stops who looks",
      ],
    ],
  },
  {
    asset: "the revocation of a key",
    threat: "a download or a package that fails holds it up",
    state: "ok",
    proofs: [
      ["machine/test_watch", "test_a_revocation_waits_neither_for_a_preparation_nor_for_a_change_that_was_refused"],
      ["machine/test_trust", "test_cuts_connections_that_are_open"],
    ],
  },
];
