import { setTimeout as sleep } from "node:timers/promises";

import { BuildError } from "../../../support/errors";
import { codeOf, describeAwsError, isTransient } from "./awsErrors";
import { crowding, formatLease, isClaimed, parseLease, withChanges, withClaims } from "./claims";
import type { AwsClients } from "./awsClients";
import { type Lease, parameterNames } from "../connection";

const mostTries = 24;
/** With answers that are AWS's own fault, beside the SDK's own tries; the claim is renewed sooner than it is over. */
const patienceMilliseconds = 15_000;
/** The first wait before another try. It doubles, and is drawn, so that many who met once do not meet again. */
const waitMilliseconds = 200;
const mostWaitMilliseconds = 4_000;
/**
 * Parameter Store takes few writes in a second of a whole account, and one at a time of a parameter.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html#API_PutParameter_Errors
 */
const tooMany = ["ThrottlingException", "Throttling", "TooManyRequestsException", "TooManyUpdates"];

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

  /** Claims the nodes until then, in seconds since 1970; what it was before does not count. */
  async holdUntil(until: number): Promise<void> {
    await this.change((lease, now) => withClaims(lease, [[this.holder, until]], now));
  }

  /**
   * Claims the nodes for so long from now on, to be renewed each 15 seconds or so. Nothing is written where the lease has
   * it, but for some seconds.
   */
  async hold(seconds: number, signal?: AbortSignal): Promise<void> {
    await this.change((lease, now) => {
      const names = [this.holder, ...this.others()];
      names.forEach((name) => this.names.add(name));
      const factor = crowding(lease, now);
      const claims = names.map((name): [string, number] => [name, Math.ceil(now + seconds * factor)]);
      return withClaims(lease, claims.every((claim) => isClaimed(lease, claim, now, factor)) ? [] : claims, now);
    }, signal);
  }

  /** Gives the claim up: if nobody else claims the nodes, they count their idle time from now on. */
  async release(): Promise<void> {
    await this.change((lease, now) =>
      Object.fromEntries(
        Object.entries(lease).map(([name, until]) => [
          name,
          this.names.has(name) ? Math.min(until, Math.floor(now)) : until,
        ]),
      ),
    );
  }

  /**
   * Parameter Store has no conditional write, but counts versions: whoever finds that it went over a version that it had
   * not read adds what was changed there. What is lost even so, because a writer was killed between the two, comes back
   * when its holder renews it.
   */
  private async change(edit: (lease: Lease, nowSeconds: number) => Lease, signal?: AbortSignal): Promise<void> {
    const nowSeconds = () => this.clients.now() / 1_000;
    const patientUntil = Date.now() + patienceMilliseconds;
    let unseen: { base: Lease; theirs: Lease } | undefined;
    for (let tries = 1; ; tries += 1) {
      let action = "ssm:GetParameter";
      try {
        const { lease, version } = await readVersion(this.clients, this.builderName, undefined, signal);
        const wanted = edit(unseen ? withChanges(lease, unseen, nowSeconds()) : lease, nowSeconds());
        if (isSame(wanted, lease)) {
          return;
        }
        action = "ssm:PutParameter";
        const written = await this.write(formatLease(wanted, nowSeconds(), this.names), signal);
        if (written <= version + 1 || tries >= mostTries) {
          return;
        }
        await sleep(waitAfter(tries), undefined, { signal });
        unseen = await readVersion(this.clients, this.builderName, written - 1, signal)
          .then(({ lease: theirs }) => ({ base: lease, theirs }))
          // It keeps the newest 100.
          .catch(() => undefined);
      } catch (error) {
        const isPassing = tooMany.includes(codeOf(error)) || (isTransient(error) && Date.now() < patientUntil);
        if (!isPassing || tries >= mostTries) {
          throw describeError(error, action, this.clients, this.builderName);
        }
        await sleep(waitAfter(tries), undefined, { signal });
      }
    }
  }

  private async write(Value: string, abortSignal?: AbortSignal): Promise<number> {
    const Name = parameterNames.lease(this.builderName);
    const { Version } = await this.clients.ssm.putParameter({ Name, Value, Overwrite: true }, { abortSignal });
    return Version ?? 0;
  }
}

/** Who needs the nodes of a builder awake, and until when; also what is over. */
export async function readLease(clients: AwsClients, builderName: string): Promise<Lease> {
  try {
    return (await readVersion(clients, builderName)).lease;
  } catch (error) {
    throw describeError(error, "ssm:GetParameter", clients, builderName);
  }
}

async function readVersion(
  clients: AwsClients,
  builderName: string,
  version?: number,
  abortSignal?: AbortSignal,
): Promise<{ lease: Lease; version: number }> {
  const parameter = parameterNames.lease(builderName);
  const Name = version === undefined ? parameter : `${parameter}:${version}`;
  const { Parameter } = await clients.ssm.getParameter({ Name }, { abortSignal });
  return { lease: parseLease(Parameter?.Value, clients.now() / 1_000), version: Parameter?.Version ?? 0 };
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

function waitAfter(tries: number): number {
  return Math.random() * Math.min(mostWaitMilliseconds, waitMilliseconds * 2 ** tries);
}

function isSame(one: Lease, other: Lease): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
