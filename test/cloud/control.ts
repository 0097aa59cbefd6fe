import { controlPort, type Delays } from "./emulator";
import type { Vpc } from "./vpc";

/** What the cloud does wrong on order: an error in place of an answer, or an instance that does not come up. */
export type Fault = (
  | {
      operation: string;
      code: string;
      message: string;
      /** Whose calls. @default - everybody's */
      caller?: Caller["kind"];
    }
  /** Strikes launches and starts: what a call is refused for, or what is among a fleet's errors. @default - all of them */
  | {
      capacity:
        | "InsufficientInstanceCapacity"
        | "InsufficientFreeAddressesInSubnet"
        | "MaxSpotInstanceCountExceeded"
        | "SpotMaxPriceTooLow"
        | "UnfulfillableCapacity"
        | "VcpuLimitExceeded"
        /** Or any other code of a refused launch: `UnauthorizedOperation`. */
        | (string & {});
      message?: string;
      instanceType?: string;
      zone?: string;
      capacityType?: "spot" | "on-demand";
    }
  /**
   * Taken by the next boot: it "runs" without ever booting, or AWS gives it up at once. Clocks are those of arm64
   * machines, and of their next boot.
   */
  | { machine: "never-boots" | "ends-at-once" | "clock-one-hour-slow" | "clock-one-hour-fast" }
) & {
  /** How often. An SDK repeats a call that failed with a server's error, such as InsufficientInstanceCapacity. @default - always */
  count?: number;
};

/** A caller that is held at its n-th call, to be killed there. */
export interface Halt {
  /** Text in how it names itself: `app/NAME` for a process with AWS_SDK_UA_APP_ID=NAME. */
  agent: string;
  /** Counted from 1; of calls that come side by side, in the order in which they arrive. */
  at: number;
  /** Whether the call has taken effect by then. What follows it has not: it never does if its caller is gone. */
  when: "before" | "after";
}

export interface Caller {
  /** The tests' own key, an instance by its role, a role that was assumed, or nobody that the cloud knows. */
  kind: "caller" | "node" | "role" | "unknown";
  arn: string;
}

export interface CalledResource {
  arn: string;
  tags: Record<string, string>;
  /** Of what the call makes in EC2: the tags that it gives to it. */
  given?: Record<string, string>;
}

export interface ApiCall {
  time: number;
  service: string;
  operation: string;
  /** Names of what was given, sorted. */
  parameters: string[];
  /** What it was about, with the tags that this had before; in EC2 none for a look-up. */
  resources: CalledResource[];
  /** The tags that it gave. */
  requestTags: Record<string, string>;
  /** ARNs of the roles that it gives to an instance, or to a task of ECS. */
  passedRoles: string[];
  /** Of the managed policy that a call to IAM attaches or detaches. */
  policyArn: string | null;
  /** ARNs of all that an alarm does, in whatever state. */
  alarmActions: string[];
  /** From where. */
  address: string;
  /** The program, as it names itself: `standin-aws` for the provider; `ec2fleet.amazonaws.com` for a fleet's launch. */
  agent: string;
  caller: Caller;
  /** The code of the refusal. */
  error?: string;
}

export interface CloudInstance {
  id: string;
  state: "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";
  stateReason: string;
  architecture: string;
  instanceType: string;
  zone: string;
  capacityType: "spot" | "on-demand";
  privateAddress: string;
  publicAddress: string | null;
  tags: Record<string, string>;
  /** How often its machine was booted. */
  boots: number;
  launchTime: number;
}

export interface CloudRule {
  id: string;
  protocol: string;
  fromPort: number | null;
  toPort: number | null;
  cidr: string | null;
  description: string | null;
}

/** All that exists in the account, besides what each account has: the default VPC and its parts. */
export interface Inventory {
  instances: CloudInstance[];
  volumes: { id: string; status: string; sizeGibibytes: number; instanceId: string | null; device: string | null }[];
  securityGroups: { id: string; name: string; ingress: CloudRule[]; egress: CloudRule[] }[];
  /** Names of CloudWatch's. */
  alarms: string[];
  networkInterfaces: string[];
  addresses: string[];
  keyPairs: string[];
  launchTemplates: string[];
  parameters: string[];
  roles: string[];
  rolePolicies: string[];
  instanceProfiles: string[];
  repositories: string[];
  /** Of ECS: clusters and task definitions that are active, and services that have not ended. */
  clusters: string[];
  taskDefinitions: string[];
  services: string[];
  logGroups: string[];
}

/** What may change while the cloud runs. */
export interface ChangeableSettings {
  ecrHost?: string;
  ecrTokenLifetimeSeconds?: number;
  /** The account's quotas of vCPUs of "Standard" types: 5 in a new one. @default null, no limit */
  standardVcpus?: number | null;
  standardSpotVcpus?: number | null;
  /** New accounts may begin on the free plan. @default "paid" */
  plan?: "free" | "paid";
}

export interface IngressRule {
  protocol: string;
  fromPort: number | null;
  toPort: number | null;
  cidr: string;
}

/** What the cloud's second port offers: to look at all of it, and to make it misbehave. */
export interface CloudControl {
  inventory(): Promise<Inventory>;
  /** All that were ever there. */
  instances(): Promise<CloudInstance[]>;
  /** Since the start, or since they were forgotten. */
  calls(): Promise<ApiCall[]>;
  forgetCalls(): Promise<void>;
  /** In place of those that were ordered before. */
  faults(...faults: Fault[]): Promise<void>;
  /** Holds callers at a call of theirs, until they are released. */
  halt(...halts: Halt[]): Promise<void>;
  /** How far they have come: the number of their calls, and the one that they are held at. */
  halts(): Promise<{ agent: string; count: number; reached: string | null }[]>;
  release(agent: string): Promise<void>;
  console(instanceId: string): Promise<string>;
  /** What the machine's security groups let in. */
  ingress(instanceId: string): Promise<IngressRule[]>;
  /** Runs a command inside of the instance. */
  run(instanceId: string, command: string[]): Promise<string>;
  /** Cuts the power: AWS finds the instance stopped. */
  kill(instanceId: string): Promise<void>;
  /** AWS stops the instance, as it does with one whose hardware it retires. */
  retire(instanceId: string): Promise<void>;
  /** AWS ends the instance at once, as it does with a spot instance that it takes back: its power is cut. */
  terminate(instanceId: string): Promise<void>;
  /** AWS says that it takes a spot instance back, and does so after that time, unless the instance has ended before. */
  spotNotice(instanceId: string, seconds: number): Promise<void>;
  /** Describes the instance as launched so much earlier. */
  age(instanceId: string, minutes: number): Promise<void>;
  /** Drops all packets from and to a running instance, until it is told otherwise. */
  partition(instanceId: string, isOn: boolean): Promise<void>;
  change(settings: Delays & ChangeableSettings): Promise<void>;
}

export function controlOf(vpc: Pick<Vpc, "address">): CloudControl {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`http://${vpc.address}:${controlPort}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the cloud's control answered ${method} ${path} with ${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const order = async (path: string, body?: unknown): Promise<void> => void (await ask("POST", path, body));
  return {
    inventory: () => ask("GET", "/inventory"),
    instances: () => ask("GET", "/instances"),
    calls: () => ask("GET", "/calls"),
    forgetCalls: async () => void (await ask("DELETE", "/calls")),
    faults: (...faults) => order("/faults", faults),
    halt: (...halts) => order("/halts", halts),
    halts: () => ask("GET", "/halts"),
    release: async (agent) => void (await ask("DELETE", "/halts", agent)),
    console: (id) => ask("GET", `/instances/${id}/console`),
    ingress: (id) => ask("GET", `/instances/${id}/ingress`),
    run: (id, command) => ask("POST", `/instances/${id}/run`, command),
    kill: (id) => order(`/instances/${id}/kill`),
    retire: (id) => order(`/instances/${id}/retire`),
    terminate: (id) => order(`/instances/${id}/terminate`),
    spotNotice: (id, seconds) => order(`/instances/${id}/spot-notice`, seconds),
    age: (id, minutes) => order(`/instances/${id}/age`, minutes),
    partition: (id, isOn) => order(`/instances/${id}/partition`, isOn),
    change: (settings) => order("/settings", settings),
  };
}
