import { BuildError } from "../errors";
import { codeOf, describeAwsError } from "./awsErrors";
import type { AwsClients } from "./clients";
import { type Lease, parameterNames } from "./connection";

/** Nodes count their idle time from the end of the newest claim: older ones are of no use to them. */
const keptSeconds = 24 * 60 * 60;
const mostTries = 3;

/** One holder's claim on the nodes of a builder: while its time is in the future, they stay awake. */
export class LeaseClaim {
  /** All names that it was ever held under. */
  private readonly names: Set<string>;

  /** @param others further names that it is held under, asked for each time: of ephemeral nodes, which look for their own. */
  constructor(
    private readonly clients: AwsClients,
    private readonly builderName: string,
    private readonly holder: string,
    private readonly others: () => readonly string[] = () => [],
  ) {
    this.names = new Set([holder]);
  }

  /** Claims the nodes from now on. */
  async hold(seconds: number): Promise<void> {
    const until = Math.ceil(this.clients.now() / 1_000) + seconds;
    const others = this.others();
    others.forEach((name) => this.names.add(name));
    const claims = Object.fromEntries([this.holder, ...others].map((name) => [name, until]));
    await this.change((lease) => ({ ...lease, ...claims }));
  }

  /** Gives the claim up. */
  async release(): Promise<void> {
    await this.change((lease) =>
      Object.fromEntries(Object.entries(lease).filter(([holder]) => !this.names.has(holder))),
    );
  }

  /**
   * Parameter Store has no conditional write, but counts versions: whoever finds that it overwrote a version that it had
   * not read writes again, with what is in that one. Whatever is lost still comes back when its holder renews it.
   */
  private async change(edit: (lease: Lease) => Lease): Promise<void> {
    let { lease, version } = await readVersion(this.clients, this.builderName);
    for (let tries = 1; tries <= mostTries; tries += 1) {
      const written = await this.write(edit(withoutOld(lease, this.clients.now() / 1_000)));
      if (written <= version + 1) {
        return;
      }
      const overwritten = await readVersion(this.clients, this.builderName, written - 1).catch(() => undefined);
      if (!overwritten) {
        return;
      }
      lease = overwritten.lease;
      version = written;
    }
  }

  private async write(lease: Lease): Promise<number> {
    try {
      const Name = parameterNames.lease(this.builderName);
      const { Version } = await this.clients.ssm.putParameter({ Name, Value: JSON.stringify(lease), Overwrite: true });
      return Version ?? 0;
    } catch (error) {
      throw describeError(error, "ssm:PutParameter", this.clients, this.builderName);
    }
  }
}

/** Who needs the nodes of a builder awake, and until when. */
export async function readLease(clients: AwsClients, builderName: string): Promise<Lease> {
  return (await readVersion(clients, builderName)).lease;
}

async function readVersion(
  clients: AwsClients,
  builderName: string,
  version?: number,
): Promise<{ lease: Lease; version: number }> {
  const parameter = parameterNames.lease(builderName);
  try {
    const Name = version === undefined ? parameter : `${parameter}:${version}`;
    const { Parameter } = await clients.ssm.getParameter({ Name });
    return { lease: parseLease(Parameter?.Value), version: Parameter?.Version ?? 0 };
  } catch (error) {
    throw describeError(error, "ssm:GetParameter", clients, builderName);
  }
}

function describeError(error: unknown, action: string, { arn, identity }: AwsClients, builderName: string): BuildError {
  const parameter = parameterNames.lease(builderName);
  if (codeOf(error) === "ParameterNotFound") {
    return new BuildError(
      `the parameter ${parameter} of builder ${builderName} is not there. ` +
        "Fix: run `pulumi up --refresh` for the builder's stack, which makes it again; of a builder that was destroyed, " +
        "`connection` is another one after that, which the stacks that share it need.",
    );
  }
  return describeAwsError(error, { action, resource: arn("ssm", `parameter${parameter}`), identity });
}

/** The claims in a parameter's text; what is no claim is left out. */
export function parseLease(text: string | undefined): Lease {
  try {
    const value = JSON.parse(text ?? "{}") as unknown;
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
  } catch {
    return {};
  }
}

/** The claims that nodes may still need to know. */
export function withoutOld(lease: Lease, nowSeconds: number): Lease {
  return Object.fromEntries(Object.entries(lease).filter(([, until]) => until > nowSeconds - keptSeconds));
}
