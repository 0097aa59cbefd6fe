import { spawn } from "node:child_process";
import { once } from "node:events";
import type * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { BuildError } from "../../../support/errors";
import { containerName, explainStart, startArguments } from "./container";
import type { SshEndpoint } from "../../../transport/endpoint";
import { describeFailure, type Failure } from "../../../transport/failures";
import type { DescribedNode, RunNode } from "../../node";
import { title } from "../../node";

/** A container that runs is found within this time; a pull takes longer, and is reported. */
const patienceMilliseconds = 3_000;

/**
 * A host that has Docker and nothing else: BuildKit's container is made or started there when a build needs it.
 *
 * Not by the command that carries a connection, which would be quicker by one ssh: a pull outlasts the patience with
 * such a connection, and what Docker refuses is reported at once here, not when waiting has come to its end.
 */
export function dockerHostRunNode(node: DescribedNode, endpoint: SshEndpoint, image: string): RunNode {
  let starting: Promise<Failure | undefined> | undefined;
  let failure: Failure | undefined;
  return {
    ...node,
    wake: async () => {
      starting ??= startContainer(endpoint, image);
      const outcome = await within(starting, patienceMilliseconds);
      if (outcome === "late") {
        return { waitingFor: `Docker there to run the container ${containerName}, and before that to pull ${image}` };
      }
      starting = undefined;
      failure = outcome;
      if (failure?.permanent) {
        throw new BuildError(`${title(node)}: ${failure.cause}. Fix: ${failure.fix}.`);
      }
      return failure
        ? { waitingFor: `the container ${containerName} there: ${failure.cause}` }
        : { ...endpoint, container: containerName };
    },
    diagnose: () =>
      Promise.resolve(
        failure
          ? `Fix: ${failure.fix}.`
          : `BuildKit's log is what \`docker logs ${containerName}\` says on ${node.address}.`,
      ),
  };
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | "late"> {
  const done = new AbortController();
  const timeout = sleep(milliseconds, "late" as const, { signal: done.signal });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    done.abort();
    timeout.catch(() => undefined);
  }
}

async function startContainer(endpoint: SshEndpoint, image: string): Promise<Failure | undefined> {
  const child = spawn("ssh", startArguments(endpoint, image), { stdio: ["ignore", "ignore", "pipe"] });
  // A pull does not keep `pulumi up` from ending: it goes on there, and the next update finds the image.
  child.unref();
  (child.stderr as unknown as net.Socket).unref();
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-4_000)));
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code === 0 ? undefined : explainStart(code, said);
  } catch (error) {
    return { ...describeFailure(error as Error), permanent: true };
  }
}
