import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";

import { GetAuthorizationTokenCommand, ECRClient } from "@aws-sdk/client-ecr";
import { DescribeInstancesCommand, EC2Client, StartInstancesCommand } from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { GetParameterCommand, GetParametersCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Account, openAccount, refusal } from "../cloud/account";
import { execute, skipWithout, waitUntil } from "../hosts";

const trust = (service: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: "ssm:GetParameters",
      Resource: "arn:aws:ssm:us-east-1:123456789012:parameter/own/*",
    },
  ],
});

describe("the API of the tests' cloud: who may do what, and what goes wrong", function () {
  this.timeout(60_000);
  let account: Account;
  before(async function () {
    skipWithout(this, ["namespaces"]);
    this.timeout(600_000);
    account = await openAccount({ delays: { pending: 0.4, stopping: 0.3 } });
  });
  after(() => account?.run.close());

  /** Asks as an instance would, from its address, which nothing else has in a cloud without machines. */
  const ask = async (address: string, url: string, ...options: string[]): Promise<string> => {
    const command = ["curl", "--silent", "--show-error", "--max-time", "5", "--interface", address, ...options, url];
    return execute(account.cloud.enter(command));
  };

  it("knows a new role late, and gives a node what its policy allows", async () => {
    const { cloud, iam, ssm } = account;
    await iam.send(new CreateRoleCommand({ RoleName: "node", AssumeRolePolicyDocument: trust("ec2.amazonaws.com") }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "node" }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "node", RoleName: "node" }));
    await iam.send(new PutRolePolicyCommand({ RoleName: "node", PolicyName: "node", PolicyDocument: policy }));
    const input = { IamInstanceProfile: { Name: "node" }, MetadataOptions: { HttpTokens: "required" as const } };
    match(await refusal(account.launch(input)), /^InvalidParameterValue: .*Invalid IAM Instance Profile name/);
    const broken = new PutRolePolicyCommand({ RoleName: "node", PolicyName: "broken", PolicyDocument: "{" });
    match(await refusal(iam.send(broken)), /^MalformedPolicyDocument/);
    const trustless = new CreateRoleCommand({ RoleName: "broken", AssumeRolePolicyDocument: "{" });
    match(await refusal(iam.send(trustless)), /^MalformedPolicyDocument/);
    for (const [Name, Type] of [
      ["/own/settings", "String"],
      ["/own/key", "SecureString"],
      ["/other", "String"],
    ] as const) {
      await ssm.send(new PutParameterCommand({ Name, Type, Value: `value of ${Name}` }));
    }

    const id = await waitUntil("the profile is known", () => account.launch(input), { timeoutMilliseconds: 5_000 });
    const { PrivateIpAddress } = await account.reach(id, "running");
    const address = PrivateIpAddress as string;
    await execute(["ip", "-n", cloud.vpc.namespace, "address", "add", `${address}/32`, "dev", "lo"]);

    const metadata = `http://${cloud.vpc.metadataAddress}/latest`;
    const statusOf = ["--output", "/dev/null", "--write-out", "%{http_code}"];
    equal(await ask(address, `${metadata}/meta-data/instance-id`, ...statusOf), "401");
    const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
    const token = await ask(address, `${metadata}/api/token`, "--request", "PUT", "--header", ttl);
    const shown = ["--header", `X-aws-ec2-metadata-token: ${token}`];
    equal(await ask(address, `${metadata}/meta-data/instance-id`, ...shown), id);
    equal(await ask(address, `${metadata}/meta-data/iam/security-credentials/`, ...shown), "node");
    const given = JSON.parse(
      await ask(address, `${metadata}/meta-data/iam/security-credentials/node`, ...shown),
    ) as Record<"AccessKeyId" | "SecretAccessKey" | "Token", string>;

    const credentials = {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.Token,
    };
    const node = new SSMClient({ ...cloud.client, credentials, maxAttempts: 1 });
    const get = (...names: string[]): Promise<unknown> =>
      node.send(new GetParametersCommand({ Names: names, WithDecryption: true }));
    const answer = await waitUntil("the policy is known", () => get("/own/settings", "/own/key"), {
      timeoutMilliseconds: 5_000,
    });
    deepEqual((answer as { Parameters: { Value: string }[] }).Parameters.map(({ Value }) => Value).sort(), [
      "value of /own/key",
      "value of /own/settings",
    ]);
    match(await refusal(get("/own/settings", "/other")), /^AccessDeniedException: .*assumed-role\/node\/i-/);
    match(
      await refusal(node.send(new GetParameterCommand({ Name: "/own/settings" }))),
      /^AccessDeniedException: .*ssm:GetParameter on/,
    );
    const ec2 = new EC2Client({ ...cloud.client, credentials, maxAttempts: 1 });
    match(await refusal(ec2.send(new DescribeInstancesCommand({}))), /^UnauthorizedOperation/);
    const calls = (await cloud.calls()).filter(({ caller }) => caller.kind === "node");
    ok(calls.some((call) => call.operation === "GetParameters" && !call.error && call.caller.arn.endsWith(id)));
    deepEqual(calls.at(-1)?.error, "UnauthorizedOperation");
  });

  it("verifies signatures", async () => {
    const { client } = account.cloud;
    const who = (credentials: typeof client.credentials & { sessionToken?: string }): Promise<unknown> =>
      new STSClient({ ...client, credentials, maxAttempts: 1 }).send(new GetCallerIdentityCommand({}));
    match(await refusal(who({ ...client.credentials, secretAccessKey: "another" })), /^SignatureDoesNotMatch/);
    match(await refusal(who({ ...client.credentials, accessKeyId: "AKIA0000000000000000" })), /^InvalidClientTokenId/);
    match(await refusal(who({ ...client.credentials, sessionToken: "of nobody" })), /^InvalidClientTokenId/);
    const wrong = { ...client, credentials: { ...client.credentials, secretAccessKey: "another" }, maxAttempts: 1 };
    match(await refusal(new EC2Client(wrong).send(new DescribeInstancesCommand({}))), /^AuthFailure/);
    match(await refusal(new SSMClient(wrong).send(new GetParameterCommand({ Name: "/a" }))), /^InvalidSignature/);
  });

  it("takes on roles of its own and of other accounts", async () => {
    const { cloud, iam, sts } = account;
    const assume = async (arn: string): Promise<STSClient> => {
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: "tests" }));
      const credentials = {
        accessKeyId: Credentials?.AccessKeyId ?? "",
        secretAccessKey: Credentials?.SecretAccessKey ?? "",
        sessionToken: Credentials?.SessionToken,
      };
      return new STSClient({ ...cloud.client, credentials, maxAttempts: 1 });
    };
    const nobody = "arn:aws:iam::123456789012:role/nobody";
    match(await refusal(assume(nobody)), /^AccessDenied/);
    await iam.send(
      new CreateRoleCommand({ RoleName: "builder", AssumeRolePolicyDocument: trust("ecs.amazonaws.com") }),
    );
    for (const accountId of ["123456789012", "210987654321"]) {
      const other = await assume(`arn:aws:iam::${accountId}:role/builder`);
      const identity = await other.send(new GetCallerIdentityCommand({}));
      deepEqual([identity.Account, identity.Arn], [accountId, `arn:aws:sts::${accountId}:assumed-role/builder/tests`]);
    }
  });

  it("serves Parameter Store by its real name over TLS", async () => {
    const { cloud, run } = account;
    const name = "ssm.us-east-1.amazonaws.com";
    const said = await execute(
      cloud.enter([
        ...["curl", "--silent", "--show-error", "--max-time", "5", "--cacert", join(run.folder, "ca.pem")],
        ...["--resolve", `${name}:443:${cloud.vpc.servicesAddress}`],
        ...[
          "--header",
          "X-Amz-Target: AmazonSSM.GetParameters",
          "--header",
          "Content-Type: application/x-amz-json-1.1",
        ],
        ...["--data", '{"Names":["/own/settings"]}', `https://${name}/`],
      ]),
    );
    match(said, /MissingAuthenticationToken/);
  });

  it("keeps the limits of Parameter Store, and publishes Debian's images", async () => {
    const { cloud, ssm } = account;
    const put = (length: number, Tier?: "Advanced"): Promise<unknown> =>
      ssm.send(
        new PutParameterCommand({ Name: "/long", Type: "String", Value: "x".repeat(length), Overwrite: true, Tier }),
      );
    match(await refusal(put(4097)), /^ValidationException: Standard tier parameters support a maximum .* 4096/);
    equal(await refusal(put(4096)), "no refusal");
    equal(await refusal(put(8192, "Advanced")), "no refusal");
    for (const { id, parameter } of cloud.images) {
      equal((await ssm.send(new GetParameterCommand({ Name: parameter }))).Parameter?.Value, id);
    }
  });

  it("issues registry tokens that end when it is told", async () => {
    await account.cloud.change({ ecrTokenLifetimeSeconds: 60 });
    const ecr = new ECRClient(account.cloud.client);
    const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
    const left = ((authorizationData?.[0]?.expiresAt?.getTime() ?? 0) - Date.now()) / 1000;
    ok(left > 30 && left <= 61, `${left} s are left`);
  });

  it("fails as ordered: calls, and instances that never boot or end at once", async () => {
    const { cloud, ec2 } = account;
    const message = "We currently do not have sufficient capacity in the Availability Zone you requested.";
    await cloud.faults(
      { operation: "StartInstances", code: "InsufficientInstanceCapacity", message, count: 1 },
      {
        operation: "DescribeInstances",
        code: "UnauthorizedOperation",
        message: "You are not authorized.",
        caller: "node",
      },
      { machine: "never-boots", count: 1 },
    );
    const silent = await account.launch();
    await account.reach(silent, "running");
    equal(await cloud.console(silent), "");
    const start = (): Promise<unknown> => ec2.send(new StartInstancesCommand({ InstanceIds: [silent] }));
    const error = await start().catch((caught: unknown) => caught as { name: string; $metadata: object });
    deepEqual(
      [(error as { name: string }).name, (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode],
      ["InsufficientInstanceCapacity", 500],
    );
    equal(await refusal(start()), "no refusal");
    await cloud.faults({ machine: "ends-at-once" });
    const ended = await account.reach(await account.launch(), "terminated");
    equal(ended.StateReason?.Code, "Server.InternalError");
    match(await refusal(cloud.faults({ machine: "burns" as "never-boots" })), /neither an error of an operation/);
    await cloud.retire(silent);
    equal((await account.reach(silent, "stopped")).StateReason?.Code, "Server.ScheduledStop");
  });
});
