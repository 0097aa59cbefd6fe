import * as assert from "node:assert/strict";

import type * as pulumi from "@pulumi/pulumi";

import { digest, ExampleProgram, type Inputs, registry, valueOf } from "./exampleProgram";

const imageType = "docker-build:index:Image";

describe("the example lambda", () => {
  interface Exports {
    functionName: pulumi.Output<string>;
    imageUri: pulumi.Output<string>;
  }
  let program: ExampleProgram<Exports>;
  let exported: Exports;

  before(async () => {
    ({ program, exported } = await ExampleProgram.run<Exports>("lambda"));
  });

  it("builds one platform on one node: its manifest is pushed, and no index, which Lambda refuses", () => {
    const { hello, ...others } = program.made(imageType);
    assert.deepEqual(others, {});
    assert.deepEqual(hello.platforms, ["linux/arm64"]);
    assert.equal(hello.push, true);
    assert.deepEqual(Object.keys(program.made("aws:ec2/instance:Instance")), ["lambda-arm64"]);
  });

  it("runs its digest on the same architecture, with a role that Lambda alone may take, and logs that `destroy` removes", async () => {
    const imageUri = `${registry}/hello@${digest}`;
    assert.equal(await valueOf(exported.imageUri), imageUri);
    const functions = program.made("aws:lambda/function:Function");
    assert.deepEqual(functions, {
      hello: {
        packageType: "Image",
        imageUri,
        architectures: ["arm64"],
        role: "arn of hello",
        loggingConfig: { logFormat: "JSON", logGroup: "hello-1234567" },
      },
    });
    const { hello } = program.made("aws:iam/role:Role");
    const { Statement } = JSON.parse(hello.assumeRolePolicy as string) as { Statement: Inputs[] };
    const Principal = { Service: "lambda.amazonaws.com" };
    assert.deepEqual(Statement, [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }]);
    assert.deepEqual(program.made("aws:cloudwatch/logGroup:LogGroup").hello, { retentionInDays: 1 });
    const attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment::hello";
    assert.ok(program.dependencies("aws:lambda/function:Function", "hello").includes(attachment));
  });
});

describe("the example ghcr", () => {
  it("has nothing of AWS, and pushes with the token of the configuration, which is a secret", async () => {
    const nodes = [
      { kind: "remote", platform: "linux/arm64", endpoint: "ssh://build@a.test", driver: "docker-container" },
      { kind: "remote", platform: "linux/amd64", endpoint: "ssh://build@b.test", driver: "docker-container" },
    ];
    // Of a registry that is not there: a test asks no real one.
    const config = { username: "acme", token: "token", registry, nodes: JSON.stringify(nodes) };
    const { program, exported } = await ExampleProgram.run<{ ref: pulumi.Output<string> }>("ghcr", { config });
    const { api, ...ofPlatforms } = program.made(imageType);
    assert.deepEqual(Object.keys(ofPlatforms).sort(), ["api-linux-amd64", "api-linux-arm64"]);
    assert.deepEqual(api.tags, [`${registry}/acme/api:1.0`]);
    assert.equal(await valueOf(exported.ref), `${registry}/acme/api:1.0@${digest}`);
    assert.deepEqual(
      program.types().filter((type) => /^(aws|tls):/.test(type)),
      [],
    );
    assert.deepEqual(program.tokens(), []);
  });
});
