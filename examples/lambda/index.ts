// Deep imports: all of @pulumi/aws takes two seconds to load.
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { Repository } from "@pulumi/aws/ecr/repository";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { Function } from "@pulumi/aws/lambda/function";
import * as pulumi from "@pulumi/pulumi";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

// A function runs on one architecture, and so its image needs one node. The default builder has two.
const builder = new Builder("lambda", { nodes: [{ kind: "ec2", platform: "linux/arm64" }] });

const repository = new Repository("hello", {
  imageTagMutability: "IMMUTABLE",
  // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
  forceDelete: true,
});

// With one platform the manifest itself is pushed, without attestations: Lambda takes neither an index nor these.
const image = new MultiPlatformImage("hello", { context: "./app", platforms: ["linux/arm64"], repository, builder });

const logs = new LogGroup("hello", { retentionInDays: 1 });
const role = new Role("hello", {
  assumeRolePolicy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
  }),
});
const logging = new RolePolicyAttachment("hello", {
  role: role.name,
  policyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
});

const hello = new Function(
  "hello",
  {
    packageType: "Image",
    // By digest: another one is what makes Lambda take the new image.
    imageUri: pulumi.interpolate`${repository.repositoryUrl}@${image.indexDigest}`,
    architectures: ["arm64"],
    role: role.arn,
    loggingConfig: { logFormat: "JSON", logGroup: logs.name },
  },
  { dependsOn: [logging] },
);

export const functionName = hello.name;
export const imageUri = hello.imageUri;
