import * as pulumi from "@pulumi/pulumi";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

import { isMocked } from "./mocks";
import { resolved } from "./resolved";

const severities = { info: LogSeverity.INFO, warn: LogSeverity.WARNING, error: LogSeverity.ERROR };
const mostMilliseconds = 5_000;

/** The last line about each resource: they are said in their order. */
const lastLines = new WeakMap<pulumi.Resource, Promise<void>>();

/**
 * Says a line about a resource in Pulumi's log, and not by the SDK's queue. That is one for all programs of a process: each line
 * waits for the one before it and for the URN of its resource. Where that resource waits for a hook, a hook that waits for its
 * line would wait for ever. Where it never comes, because its update has failed, no line of any stack would be said any more,
 * and no later update would end: a program waits for its lines.
 *
 * @param isPassing whether the next line takes its place.
 * @returns when the line is said, or can't be.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/log/index.ts
 */
export function say(
  severity: keyof typeof severities,
  message: string,
  resource: pulumi.Resource,
  isPassing = false,
): Promise<void> {
  const engine = isMocked() ? undefined : pulumi.runtime.getEngine();
  if (!engine) {
    // eslint-disable-next-line no-restricted-syntax -- nobody's update is behind it
    void pulumi.log[severity](message, resource, undefined, isPassing);
    return Promise.resolve();
  }
  const line = Promise.all([resolved(resource.urn), lastLines.get(resource)]).then(([urn]) => {
    const request = new LogRequest();
    request.setSeverity(severities[severity]);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(isPassing);
    const keepsProgram = pulumi.runtime.rpcKeepAlive();
    return new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        keepsProgram();
        resolve();
      };
      const timer = setTimeout(end, mostMilliseconds);
      engine.log(request, end);
    });
  });
  // Of a resource that was never registered there is nothing to say: its update has failed.
  const said = line.catch(() => undefined);
  lastLines.set(resource, said);
  return said;
}
