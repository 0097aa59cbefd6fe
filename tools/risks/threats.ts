import { secretThreats } from "./secretThreats";
import type { Threat } from "./row";
import { accountThreats } from "./accountThreats";
import { contextThreats } from "./contextThreats";
import { podThreats } from "./podThreats";

const nodeThreats: readonly Threat[] = [
  {
    asset: "root on a node",
    threat: "whoever may build opens the builder's group to everyone, or closes it to others",
    state: "documented",
    reason:
      "IAM knows neither addresses nor ports of a rule: the certificate is the lock that stays, and a node has no other open port",
    way: '`addressing: "private"`, or a rule of AWS Config on the group',
  },
  {
    asset: "root on a node",
    threat: "somebody on the internet, behind the same NAT or in the VPC reaches its port",
    state: "ok",
    proofs: [
      ["main/nodeFaults", "the client's certificate is of another CA"],
      ["main/nodeFaults", "the client shows no certificate: the argument is asked for"],
      ["ec2/access", "is a rule for the caller's address and a claim, given up at the end"],
    ],
  },
  {
    asset: "root on a node",
    threat: "a machine in the node's place shows a certificate that is not the node's",
    state: "ok",
    proofs: [
      ["main/nodeFaults", "the client trusts another CA"],
      ["unit/transport/dial", "refuses a certificate with no alternative name, whatever its common name"],
    ],
  },
  {
    asset: "root on a node",
    threat: "a client's key is stolen",
    state: "weak",
    reason: "all callers of a builder have one key: nodes can't distinguish them, and a revocation is for all at once",
    way: "a builder for each group of callers; revoke the certificates (certificates.md) as soon as a key may be out",
    proofs: [
      [
        "farm/certificates",
        "are revoked by one command: the node takes the new ones at once, and refuses the old, by name",
      ],
      ["farm/nodes", "lets nobody in with a certificate that was revoked, and cuts what was let in before"],
    ],
  },
  {
    asset: "root on a node",
    threat: "whoever holds a builder's connection builds",
    state: "documented",
    reason:
      "a build is as good as root there: it reaches logs, build arguments and cache mounts of all who share the node, and, should it break out of its step, the logins and secrets of builds that run",
    way: "two builders for builds that must not see each other (ec2.md, sharing.md)",
  },
  {
    asset: "a remote node's host",
    threat: "`tcp://` without `tls`",
    state: "documented",
    reason: "anyone who reaches the port is root there, and nothing of ours can close it",
    way: "`tls`, `ssh://`, or a network that nobody else is in",
  },
  {
    asset: "the role of an instance",
    threat: "a RUN step or `ADD http://169.254.169.254/…` asks the instance metadata",
    state: "ok",
    proofs: [
      [
        "ec2/machine",
        "lets no RUN step reach the instance metadata, the daemon or the machine, and lets it reach the rest",
      ],
      ["ec2/machine", "does not fetch the instance metadata for a build either"],
    ],
  },
  {
    asset: "an EC2 node's network and devices",
    threat: "a build asks for `--network=host`, `--security=insecure` or a device",
    state: "ok",
    proofs: [["ec2/machine", "refuses the host's network and privileges"]],
  },
  {
    asset: "BuildKit on an EC2 node",
    threat: "its release archive is replaced",
    state: "ok",
    proofs: [["ec2/faults", "a wrong checksum of BuildKit"]],
  },
  {
    asset: "BuildKit in a Docker engine",
    threat: "its image is replaced under its tag, and runs privileged",
    state: "ok",
    proofs: [["unit/nodes/remote/dockerHost", "takes BuildKit's image by digest, of the version that EC2 nodes have"]],
  },
  {
    asset: "BuildKit in a Docker engine",
    threat: "a container that is there already, or an `image` that is given by tag",
    state: "documented",
    reason: "the container keeps the image that it was made of, whoever made it",
    way: "`docker rm --force` it once; give `image` with a digest",
  },
];

const sharedThreats: readonly Threat[] = [
  {
    asset: "the cluster of who builds on another stack's pods",
    threat:
      "the stack that shares a `kubernetes` builder names another namespace, image or isolation in its `connection`",
    state: "documented",
    reason:
      "who builds makes the pod, with their own rights in the cluster, as the connection says: in any namespace where they may make Jobs, of any image, also as root on its machine",
    way: "connections of stacks that you trust alone; for the builds a kubernetes provider whose user has the Role of kubernetes.md in that one namespace, and no other right",
  },
  {
    asset: "a build on a shared node",
    threat: "a step of another stack looks for its network, processes or secrets",
    state: "ok",
    proofs: [
      ["farm/isolation", "see neither each other's processes nor each other's secrets"],
      ["ec2/machine", "lets no RUN step reach one of another build"],
    ],
  },
  {
    asset: "a shared node's cache",
    threat: "a step, a file's name or a registry says `no space left on device`",
    state: "ok",
    proofs: [
      ["unit/session/diskFull", "costs nobody's cache if a step only says so: it is built once more, and then fails"],
      ["farm/retries", "as a step says alone, while the disk has room: no cache is removed"],
      ["farm/diskFull", "is believed no step that only says so: nobody's cache is removed"],
    ],
  },
  {
    asset: "a shared node's cache",
    threat: "a build fills the disk",
    state: "weak",
    reason: "cache is all there is to give: what no build uses is removed, of all who share the node",
    way: "a volume with room for the largest build beside the cache (`cacheVolumeSizeGibibytes`), or a builder of one's own",
    proofs: [["farm/diskFull", "by a step, removes what earlier builds left, and the same up succeeds"]],
  },
];

/** What each thing worth keeping is threatened by. docs/security.md is made of it. */
export const threats: readonly Threat[] = [
  ...nodeThreats,
  ...sharedThreats,
  ...accountThreats,
  ...secretThreats,
  ...contextThreats,
  ...podThreats,
];
