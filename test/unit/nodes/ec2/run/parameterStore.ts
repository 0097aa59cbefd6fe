import type { AwsClients } from "../../../../../components/nodes/ec2/run/awsClients";
import { liveClaims, parseLease } from "../../../../../components/nodes/ec2/run/claims";
import type { Lease } from "../../../../../components/nodes/ec2/connection";

/** What a parameter keeps: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html */
const mostVersions = 100;
const mostCharacters = 4_096;

/** One parameter of Parameter Store, which counts versions and is as narrow, slow and crowded as the real one. */
export class ParameterStore {
  private readonly versions: string[];
  private credit = Infinity;
  writes = 0;

  /** @param writesInASecond how many it takes; more are refused. */
  constructor(
    value = "{}",
    private readonly delay: () => Promise<void> = () => Promise.resolve(),
    private readonly writesInASecond = Infinity,
  ) {
    this.versions = [value];
    this.credit = writesInASecond;
  }

  readonly ssm = {
    getParameter: async ({ Name }: { Name: string }, options?: { abortSignal?: AbortSignal }) => {
      await this.delay();
      options?.abortSignal?.throwIfAborted();
      const Version = Number(/:(\d+)$/.exec(Name)?.[1] ?? this.versions.length);
      if (Version <= this.versions.length - mostVersions) {
        throw named("ParameterVersionNotFound");
      }
      const Parameter = { Value: this.versions[Version - 1], Version };
      await this.delay();
      return { Parameter };
    },
    putParameter: async ({ Value }: { Value: string }, options?: { abortSignal?: AbortSignal }) => {
      await this.delay();
      options?.abortSignal?.throwIfAborted();
      if (Value.length > mostCharacters) {
        throw named("ValidationException");
      }
      if (this.credit < 1) {
        throw named("ThrottlingException");
      }
      this.credit -= 1;
      this.writes += 1;
      const Version = this.versions.push(Value);
      await this.delay();
      return { Version };
    },
  };

  /** As far as a lease needs them. */
  get clients(): AwsClients {
    const { ssm } = this;
    const clients: Pick<AwsClients, "now" | "arn" | "identity"> & { ssm: typeof ssm } = {
      ssm,
      now: () => Date.now(),
      arn: (service, resource) => `arn:aws:${service}:us-east-1:123456789012:${resource}`,
      identity: "arn:aws:iam::123456789012:user/tests",
    };
    return clients as unknown as AwsClients;
  }

  get text(): string {
    return this.versions.at(-1) ?? "";
  }

  get live(): Lease {
    return liveClaims(parseLease(this.text), Date.now() / 1_000);
  }

  /** Time goes by: it takes writes again. */
  pass(milliseconds: number): void {
    this.credit = Math.min(this.writesInASecond, this.credit + (milliseconds / 1_000) * this.writesInASecond);
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
