// Deep imports: all of @pulumi/aws takes two seconds to load.
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { getSubnetsOutput } from "@pulumi/aws/ec2/getSubnets";
import { getVpcOutput } from "@pulumi/aws/ec2/getVpc";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { Repository } from "@pulumi/aws/ecr/repository";
import { Cluster } from "@pulumi/aws/ecs/cluster";
import { Service } from "@pulumi/aws/ecs/service";
import { TaskDefinition } from "@pulumi/aws/ecs/taskDefinition";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage } from "pulumi-multi-platform-image";

const port = 8080;
// The caller's IAM policy knows what has no fixed name by this tag.
const tags = { "multi-platform-image:example": "ecs-fargate" };

const repository = new Repository("api", {
  imageTagMutability: "IMMUTABLE",
  // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
  forceDelete: true,
  tags,
});

const image = new MultiPlatformImage("api", { context: "./app", repository });

const cluster = new Cluster("api", { tags });
const logs = new LogGroup("api", { retentionInDays: 1, tags });
const executionRole = createExecutionRole();
const executionPolicy = new RolePolicyAttachment("api-execution", {
  role: executionRole.name,
  policyArn: "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
});
const securityGroup = createSecurityGroup();
const subnets = getSubnetsOutput({
  filters: [
    { name: "vpc-id", values: [securityGroup.vpcId] },
    { name: "default-for-az", values: ["true"] },
  ],
});

// One digest, of the index: each service's hosts take their own platform from it.
const services = [createService("arm64", "ARM64"), createService("amd64", "X86_64")];

export const ref = image.ref;
export const indexDigest = image.indexDigest;
export const clusterName = cluster.name;
export const logGroup = logs.name;
export const serviceNames = services.map((service) => service.name);

function createService(name: string, cpuArchitecture: "ARM64" | "X86_64"): Service {
  const container = {
    name: "api",
    image: image.ref,
    portMappings: [{ containerPort: port }],
    healthCheck: { command: ["CMD", "wget", "-qO-", `http://127.0.0.1:${port}`], interval: 10 },
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": logs.name,
        "awslogs-region": getRegionOutput().region,
        "awslogs-stream-prefix": name,
      },
    },
  };
  const task = new TaskDefinition(`api-${name}`, {
    family: `api-${name}`,
    requiresCompatibilities: ["FARGATE"],
    runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture },
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    executionRoleArn: executionRole.arn,
    containerDefinitions: pulumi.jsonStringify([container]),
    tags,
  });
  return new Service(
    `api-${name}`,
    {
      cluster: cluster.arn,
      taskDefinition: task.arn,
      launchType: "FARGATE",
      desiredCount: 1,
      // The default VPC has no NAT gateway: without a public address, a task can't pull its image.
      networkConfiguration: { subnets: subnets.ids, securityGroups: [securityGroup.id], assignPublicIp: true },
      // So that update ends when the digest runs, and fails when it does not.
      waitForSteadyState: true,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      tags,
    },
    { dependsOn: [executionPolicy] },
  );
}

/** What ECS itself needs for a task: to pull from ECR and to write logs. The app gets no role. */
function createExecutionRole(): Role {
  const assumeRolePolicy = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }],
  };
  return new Role("api-execution", { assumeRolePolicy: JSON.stringify(assumeRolePolicy), tags });
}

/** Out, everything; in, nobody, or the network of `pulumi config set allowFrom 203.0.113.7/32`. */
function createSecurityGroup(): SecurityGroup {
  const vpc = getVpcOutput({ default: true });
  const group = new SecurityGroup("api", { vpcId: vpc.id, description: "Tasks of the example ecs-fargate", tags });
  const common = { securityGroupId: group.id, tags };
  new SecurityGroupEgressRule("api-out", { ...common, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" });
  const cidrIpv4 = new pulumi.Config().get("allowFrom");
  if (cidrIpv4 !== undefined) {
    new SecurityGroupIngressRule("api-in", { ...common, ipProtocol: "tcp", fromPort: port, toPort: port, cidrIpv4 });
  }
  return group;
}
