import type * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";

/** Where the engine listens whose update this program is part of: each of several in one process has its own. */
export function engineAddress(): string | undefined {
  const engine = pulumi.runtime.getEngine() as Partial<Pick<grpc.Client, "getChannel">> | undefined;
  // As gRPC names it: dns:127.0.0.1:1234.
  return engine
    ?.getChannel?.()
    .getTarget()
    .replace(/^dns:\/*/, "");
}
