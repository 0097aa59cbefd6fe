import {
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type Instance,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { IAMClient } from "@aws-sdk/client-iam";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";

import { type Authority, createAuthority, createNetwork, openRun, type TestRun, waitUntil } from "../hosts";
import { type Cloud, type CloudOptions, startCloud } from "./cloud";
import { testPulumiHome } from "./plugins/install";
import { runningPlugins } from "./plugins/running";

/** A cloud, and clients of it: for tests of the API itself. */
export interface Account {
  readonly run: TestRun;
  readonly authority: Authority;
  readonly cloud: Cloud;
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
  /** What commands of Pulumi on this machine need of the environment. */
  environment(): Promise<NodeJS.ProcessEnv>;
  /** Of the default VPC, by zone: `us-east-1a`. */
  subnetIn(zone: string): Promise<string>;
  /** An arm64 instance in us-east-1a, unless asked otherwise. */
  launch(input?: Partial<RunInstancesCommandInput>): Promise<string>;
  describe(instanceId: string): Promise<Instance>;
  /** Waits for the instance to be in this state. */
  reach(instanceId: string, state: string): Promise<Instance>;
}

/** @param options by default without machines */
export async function openAccount(options: CloudOptions = {}): Promise<Account> {
  const run = openRun();
  const authority = await createAuthority();
  const cloud = await startCloud(run, await createNetwork(run), authority, { machines: false, ...options });
  // One attempt, so that each refusal is seen once.
  const client = { ...cloud.client, maxAttempts: 1 };
  const ec2 = new EC2Client(client);
  const subnetIn = async (zone: string): Promise<string> => {
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    return Subnets?.find((subnet) => subnet.AvailabilityZone === zone)?.SubnetId ?? `none in ${zone}`;
  };
  const describe = async (id: string): Promise<Instance> => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0] as Instance;
  };
  return {
    run,
    authority,
    cloud,
    ec2,
    iam: new IAMClient(client),
    ssm: new SSMClient(client),
    sts: new STSClient(client),
    environment: async () => {
      const environment = { ...cloud.environment(), AWS_ENDPOINT_URL: client.endpoint };
      const plugins = await runningPlugins({ run, environment });
      return { ...environment, PULUMI_HOME: await testPulumiHome(), ...plugins };
    },
    subnetIn,
    launch: async (input = {}) => {
      const defaults = {
        ImageId: cloud.images.find((image) => image.architecture === "arm64")?.id,
        InstanceType: "c8g.xlarge" as const,
        SubnetId: await subnetIn("us-east-1a"),
        MinCount: 1,
        MaxCount: 1,
      };
      const { Instances } = await ec2.send(new RunInstancesCommand({ ...defaults, ...input }));
      return Instances?.[0]?.InstanceId as string;
    },
    describe,
    reach: (id, state) =>
      waitUntil(
        `${id} ${state}`,
        async () => {
          const instance = await describe(id);
          if (instance.State?.Name !== state) throw new Error(`it is ${instance.State?.Name}`);
          return instance;
        },
        { timeoutMilliseconds: 10_000 },
      ),
  };
}

/** The code and the text of the refusal: `InvalidAMIID.NotFound: The image id …`. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
  return "no refusal";
}
