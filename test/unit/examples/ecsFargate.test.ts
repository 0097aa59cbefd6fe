import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { isAllowed, type Policy } from "../../cloud/policy";

const repository = path.resolve(__dirname, "../../..");
const example = path.join(repository, "examples/ecs-fargate");
const digest = `sha256:${"a".repeat(64)}`;
// Nothing listens there: the index can't be read, which is a warning.
const repositoryUrl = "127.0.0.1:9/api";

type Inputs = Record<string, unknown>;

const recorded: { type: string; name: string; inputs: Inputs }[] = [];

const answers: Record<string, Inputs> = {
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "123456789012", arn: "arn:aws:iam::123456789012:root" },
  "aws:index/getRegion:getRegion": { region: "eu-west-1" },
  "aws:ec2/getVpc:getVpc": { id: "vpc-1", cidrBlock: "172.31.0.0/16" },
  "aws:ec2/getSubnets:getSubnets": { ids: ["subnet-a", "subnet-b"] },
  "aws:ec2/getInstanceType:getInstanceType": { supportedArchitectures: ["arm64", "x86_64"] },
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": { locations: ["eu-west-1a"], region: "eu-west-1" },
  "aws:ssm/getParameter:getParameter": { value: "ami-1" },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": { password: "token" },
};

const computed: Record<string, Inputs> = {
  "aws:ecr/repository:Repository": { repositoryUrl },
  "docker-build:index:Image": { digest, ref: `${repositoryUrl}@${digest}` },
  "tls:index/privateKey:PrivateKey": { privateKeyPem: "key" },
  "tls:index/selfSignedCert:SelfSignedCert": { certPem: "certificate" },
  "tls:index/certRequest:CertRequest": { certRequestPem: "request" },
  "tls:index/locallySignedCert:LocallySignedCert": { certPem: "certificate" },
};

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** All that was recorded of a type, by the resources' names. */
function made(type: string): Record<string, Inputs> {
  return Object.fromEntries(recorded.filter((each) => each.type === type).map(({ name, inputs }) => [name, inputs]));
}

/** The example as its users have it: in a folder of its own, with the library as an installed package. */
function installExample(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-example-"));
  fs.cpSync(example, folder, { recursive: true });
  fs.mkdirSync(path.join(folder, "node_modules"));
  fs.symlinkSync(path.join(repository, "node_modules/@pulumi"), path.join(folder, "node_modules/@pulumi"));
  fs.symlinkSync(path.join(repository, "components"), path.join(folder, "node_modules/pulumi-multi-platform-image"));
  return folder;
}

interface Exports {
  ref: pulumi.Output<string>;
  indexDigest: pulumi.Output<string>;
  serviceNames: pulumi.Output<string>[];
}

describe("the example ecs-fargate", () => {
  const workingFolder = process.cwd();
  const folder = installExample();
  let program: Exports;

  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          recorded.push({ type, name, inputs: inputs as Inputs });
          const state = { arn: `arn of ${name}`, name: `${name}-1234567`, ...(inputs as Inputs), ...computed[type] };
          return { id: `${name}-id`, state };
        },
        call: ({ token }) => answers[token],
      },
      "ecs-fargate",
      "dev",
    );
    process.chdir(folder);
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a program runs when it is loaded: not before the mocks are set
    program = require(path.join(folder, "index.ts")) as Exports;
    await Promise.all(program.serviceNames.map(valueOf));
  });

  after(() => {
    process.chdir(workingFolder);
    fs.rmSync(folder, { recursive: true });
  });

  it("builds one image for both platforms on EC2 nodes, and pushes it to a repository with immutable tags", () => {
    const { api: image, ...ofPlatforms } = made("docker-build:index:Image");
    assert.deepEqual(Object.keys(ofPlatforms).sort(), ["api-linux-amd64", "api-linux-arm64"]);
    assert.deepEqual(image.platforms, ["linux/amd64", "linux/arm64"]);
    assert.match((image.tags as string[])[0], new RegExp(`^${repositoryUrl}:[0-9a-f]{16}-`));
    assert.deepEqual(Object.keys(made("aws:ec2/instance:Instance")).sort(), [
      "default-builder-amd64",
      "default-builder-arm64",
    ]);
    assert.deepEqual(made("aws:ecr/repository:Repository"), {
      api: {
        forceDelete: true,
        imageTagMutability: "IMMUTABLE",
        tags: { "multi-platform-image:example": "ecs-fargate" },
      },
    });
  });

  it("runs the same digest of the index on both architectures", async () => {
    const ref = await valueOf(program.ref);
    assert.match(ref, new RegExp(`^${repositoryUrl}:[0-9a-f]{16}-.*@${digest}$`));
    assert.equal(await valueOf(program.indexDigest), digest);
    const tasks = made("aws:ecs/taskDefinition:TaskDefinition");
    const container = (name: string) => [
      {
        name: "api",
        image: ref,
        portMappings: [{ containerPort: 8080 }],
        healthCheck: { command: ["CMD", "wget", "-qO-", "http://127.0.0.1:8080"], interval: 10 },
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": "api-1234567",
            "awslogs-region": "eu-west-1",
            "awslogs-stream-prefix": name,
          },
        },
      },
    ];
    const task = (name: string, cpuArchitecture: string) => ({
      family: `api-${name}`,
      requiresCompatibilities: ["FARGATE"],
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture },
      networkMode: "awsvpc",
      cpu: "256",
      memory: "512",
      executionRoleArn: "arn of api-execution",
      containerDefinitions: container(name),
      tags: { "multi-platform-image:example": "ecs-fargate" },
    });
    const parsed = Object.entries(tasks).map(([name, inputs]) => [
      name,
      { ...inputs, containerDefinitions: JSON.parse(inputs.containerDefinitions as string) as unknown },
    ]);
    assert.deepEqual(Object.fromEntries(parsed), {
      "api-arm64": task("arm64", "ARM64"),
      "api-amd64": task("amd64", "X86_64"),
    });
  });

  it("runs one Fargate service for each task definition, in the same cluster", () => {
    const service = (name: string) => ({
      cluster: "arn of api",
      taskDefinition: `arn of api-${name}`,
      launchType: "FARGATE",
      desiredCount: 1,
      networkConfiguration: {
        subnets: ["subnet-a", "subnet-b"],
        securityGroups: ["api-id"],
        assignPublicIp: true,
      },
      waitForSteadyState: true,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      tags: { "multi-platform-image:example": "ecs-fargate" },
    });
    assert.deepEqual(made("aws:ecs/service:Service"), {
      "api-arm64": service("arm64"),
      "api-amd64": service("amd64"),
    });
  });

  it("lets nobody in, unless a network is configured", () => {
    assert.deepEqual(made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"), {});
    assert.deepEqual(made("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")["api-out"], {
      securityGroupId: "api-id",
      ipProtocol: "-1",
      cidrIpv4: "0.0.0.0/0",
      tags: { "multi-platform-image:example": "ecs-fargate" },
    });
  });
});

describe("the IAM policy of the example, beside its builder's", () => {
  const policy = JSON.parse(fs.readFileSync(path.join(example, "policies/example.json"), "utf8")) as Policy;

  it("fits into a managed policy", () => {
    // Without whitespace: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert.ok(JSON.stringify(policy).length <= 6144);
  });

  const tag = "multi-platform-image:example";
  const group = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-1";
  const ecs = "arn:aws:ecs:us-east-1:123456789012";
  // For each new deployment, `statusServiceWaitForStable` calls findPrimaryDeploymentARN and findDeploymentStatus, which ask
  // for the service, and for its deployment as well; an error of either ends the wait:
  // https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service.go
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
  const waitsForSteadyState = ["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"] as const;
  for (const [action, resource, keys, allowed] of [
    ["ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/api-1234567", {}, true],
    ["ECR:putimage", "arn:aws:ecr:us-east-1:123456789012:repository/api-1234567", {}, true],
    ["ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/other", {}, false],
    ["ec2:DeleteSecurityGroup", group, { [`aws:ResourceTag/${tag}`]: "ecs-fargate" }, true],
    ["ec2:DeleteSecurityGroup", group, {}, false],
    ["ec2:RunInstances", "arn:aws:ec2:us-east-1:123456789012:instance/*", {}, false],
    ...waitsForSteadyState.map((action) => [action, `${ecs}:service/api-1234567/api-arm64-1234567`, {}, true] as const),
    [waitsForSteadyState[1], `${ecs}:service-deployment/api-1234567/api-arm64-1234567/x1`, {}, true],
    [waitsForSteadyState[1], `${ecs}:service-deployment/web/web/x1`, {}, false],
  ] as const) {
    it(`${allowed ? "allows" : "does not allow"} ${action} on ${resource} with ${JSON.stringify(keys)}`, () => {
      assert.equal(isAllowed([policy], { action, resource, keys }), allowed);
    });
  }
});
