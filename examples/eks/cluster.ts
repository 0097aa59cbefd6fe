import { getSubnetsOutput } from "@pulumi/aws/ec2/getSubnets";
import { getVpcOutput } from "@pulumi/aws/ec2/getVpc";
import { Cluster } from "@pulumi/aws/eks/cluster";
import { NodeGroup } from "@pulumi/aws/eks/nodeGroup";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import * as pulumi from "@pulumi/pulumi";

// The zones that EKS has no control planes in: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
const excludeZoneIds = ["use1-az3", "usw1-az2", "cac1-az3"];
const subnetIds = getSubnetsOutput({
  filters: [
    { name: "vpc-id", values: [getVpcOutput({ default: true }).id] },
    { name: "default-for-az", values: ["true"] },
    {
      name: "availability-zone-id",
      // Without Local Zones, which an account opts in to: EKS has no control planes there.
      values: getAvailabilityZonesOutput({
        state: "available",
        excludeZoneIds,
        filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
      }).zoneIds,
    },
  ],
}).ids;

/** `pulumi config set buildIn cluster`: the machines that run the image build it, too. */
export const buildsInCluster = new pulumi.Config().get("buildIn") === "cluster";

const control = createRole("control", "eks.amazonaws.com", ["AmazonEKSClusterPolicy"]);
export const cluster = new Cluster(
  "api",
  {
    roleArn: control.role.arn,
    vpcConfig: { subnetIds, endpointPrivateAccess: true, publicAccessCidrs: allowedNetworks() },
    // IAM identities by access entries. Whoever makes the cluster is its administrator, which Pulumi needs here.
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
    // A version out of standard support is upgraded: else its hour would cost six times as much.
    upgradePolicy: { supportType: "STANDARD" },
  },
  // Its zones are those that it was made in: with others, or one less, EKS refuses the update.
  { dependsOn: control.policies, ignoreChanges: ["vpcConfig.subnetIds"] },
);

// https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
const nodes = createRole("nodes", "ec2.amazonaws.com", [
  "AmazonEKSWorkerNodePolicy",
  "AmazonEC2ContainerRegistryPullOnly",
  "AmazonEKS_CNI_Policy",
]);
export const nodeGroups = [
  createNodeGroup("arm64", "AL2023_ARM_64_STANDARD", buildsInCluster ? "m8g.large" : "t4g.small"),
  createNodeGroup("amd64", "AL2023_x86_64_STANDARD", buildsInCluster ? "m7a.large" : "t3.small"),
];

/** For the Kubernetes provider: it holds no credential, but the command that asks for one with the caller's own. */
export const kubeconfig = pulumi.jsonStringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [
    {
      name: "eks",
      cluster: {
        server: cluster.endpoint,
        "certificate-authority-data": cluster.certificateAuthority.data,
      },
    },
  ],
  users: [{ name: "caller", user: { exec: tokenCommand() } }],
  contexts: [{ name: "eks", context: { cluster: "eks", user: "caller" } }],
  "current-context": "eks",
});

function createNodeGroup(name: string, amiType: string, instanceType: string): NodeGroup {
  return new NodeGroup(
    name,
    {
      clusterName: cluster.name,
      nodeRoleArn: nodes.role.arn,
      // A build's cache is in one zone, and needs its machine there.
      subnetIds: buildsInCluster ? pulumi.output(subnetIds).apply((ids) => ids.slice(0, 1)) : subnetIds,
      amiType,
      instanceTypes: [instanceType],
      capacityType: "ON_DEMAND",
      scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 2 },
    },
    // Also at `destroy`: without their policies nodes neither join a cluster nor leave it. A zone more or less in the
    // region would replace the group.
    { dependsOn: nodes.policies, ignoreChanges: ["subnetIds"] },
  );
}

export function createRole(name: string, service: string, policies: string[], actions = ["sts:AssumeRole"]) {
  const assumeRolePolicy = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: actions }],
  };
  const role = new Role(`api-${name}`, { assumeRolePolicy: JSON.stringify(assumeRolePolicy) });
  const attach = (policy: string) =>
    new RolePolicyAttachment(`api-${name}-${policy.replace(/^.*\//, "")}`, {
      role: role.name,
      policyArn: `arn:aws:iam::aws:policy/${policy}`,
    });
  return { role, policies: policies.map(attach) };
}

/** With the profile that the aws provider uses, where it is not the environment's. */
function tokenCommand() {
  const profile = new pulumi.Config("aws").get("profile");
  const region = getRegionOutput().region;
  return {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: ["eks", "get-token", "--cluster-name", cluster.name, "--region", region, "--output", "json"],
    ...(profile !== undefined && { env: [{ name: "AWS_PROFILE", value: profile }] }),
  };
}

/** Who reaches the Kubernetes API, before IAM: all, or the network of `pulumi config set allowFrom 203.0.113.7/32`. */
function allowedNetworks(): string[] {
  // Said, also where it is EKS's default: left out, a network that was allowed before would stay the only one.
  return [new pulumi.Config().get("allowFrom") ?? "0.0.0.0/0"];
}
