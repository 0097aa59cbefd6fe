import * as crypto from "node:crypto";
import * as net from "node:net";
import * as tls from "node:tls";

import { renewal } from "./clientCertificate";
import type { Endpoint } from "./endpoint";
import { describeFailure, type Failure, type FailureKind } from "./failures";

/** With clocks that differ by less than that, waiting helps. */
const smallSkewMilliseconds = 10 * 60 * 1_000;
const lookTimeoutMilliseconds = 3_000;

/** When a certificate is good. */
export interface Validity {
  from: Date;
  to: Date;
}

/** What both sides showed when a TLS connection failed. */
export interface TlsSides {
  client?: Validity;
  node?: Validity;
  /** Of a node whose certificates are the builder's own: its name. */
  builderName?: string;
  now: Date;
}

/** What a failed connection to an endpoint means, with the dates of certificates where they are what is wrong. */
export async function explainFailure(
  error: NodeJS.ErrnoException | undefined,
  endpoint: Endpoint,
  now = new Date(),
): Promise<Failure> {
  const failure = describeFailure(error);
  if (endpoint.kind !== "tcp" || !endpoint.tls || !failure.kind) {
    return failure;
  }
  const { builderName } = endpoint;
  const node = await nodeValidity(endpoint);
  return withDates(failure, failure.kind, { client: validityOf(endpoint.tls.cert), node, builderName, now });
}

/** The failure in words of both sides' certificates. */
export function withDates(failure: Failure, kind: FailureKind, sides: TlsSides): Failure {
  const { client, node, builderName, now } = sides;
  const clock = `this machine's clock, which says ${now.toISOString()}`;
  switch (kind) {
    case "node-expired": {
      const cause = node && node.to < now ? `its certificate expired at ${node.to.toISOString()}` : failure.cause;
      if (!builderName) {
        return { ...failure, cause, fix: `${failure.fix.replace(/ \(.*/, "")} (or set ${clock})` };
      }
      return isNewer(client, node)
        ? { cause: `${cause}, and it has not taken its new one yet`, fix: nodeTakes, permanent: false }
        : { cause, fix: `${renewal(builderName)} (or set ${clock})`, permanent: true };
    }
    case "node-not-yet-valid": {
      if (!node || node.from <= now) {
        return failure;
      }
      const cause = `its certificate is not valid before ${node.from.toISOString()}, and this machine's clock says ${now.toISOString()}`;
      return { cause, fix: "set this machine's clock", permanent: isLongAfter(node.from, now) };
    }
    case "client-expired": {
      const valid = client && `from ${client.from.toISOString()} to ${client.to.toISOString()}`;
      return {
        cause: `${failure.cause}${valid ? ` (it is valid ${valid})` : ""}`,
        fix: `compare ${clock}, with the node's and with that of the machine that issued the certificate; ${builderName ? renewal(builderName) : "or issue a new one"}`,
        permanent: !client || isLongAfter(now, client.from),
      };
    }
    case "untrusted":
      return builderName ? untrusted(builderName, failure, sides) : failure;
    default:
      return kind satisfies never;
  }
}

const nodeTakes = "wait: a node takes its new certificate within a minute or two; if it does not, look at its console";

/** All certificates of a builder were made anew, and only one side knows. It is the side with the later certificate. */
function untrusted(builderName: string, failure: Failure, { client, node }: TlsSides): Failure {
  if (client && node && isNewer(node, client)) {
    return {
      cause:
        `the certificates of builder ${builderName} were revoked: this connection's is of ${client.from.toISOString()}, ` +
        `the node's of ${node.from.toISOString()}`,
      fix: renewal(builderName),
      permanent: true,
    };
  }
  if (client && node && isNewer(client, node)) {
    const cause = `its certificate, of ${node.from.toISOString()}, is older than this connection, and it has not taken its new one yet`;
    return { cause, fix: nodeTakes, permanent: false };
  }
  const cause = `${failure.cause}: they are not of the same issue of builder ${builderName}`;
  return { cause, fix: renewal(builderName), permanent: false };
}

/** Certificates of one issue are made within a moment. */
function isNewer(one: Validity | undefined, other: Validity | undefined): boolean {
  return one !== undefined && other !== undefined && one.from > other.from;
}

function isLongAfter(later: Date, earlier: Date): boolean {
  return later.getTime() - earlier.getTime() > smallSkewMilliseconds;
}

export function validityOf(pem: string | crypto.X509Certificate): Validity | undefined {
  try {
    const certificate = typeof pem === "string" ? new crypto.X509Certificate(pem) : pem;
    return { from: new Date(certificate.validFrom), to: new Date(certificate.validTo) };
  } catch {
    return undefined;
  }
}

/** Of the certificate that the node shows. A connection that only looks: whom it reaches is not proven. */
async function nodeValidity({ host, port }: Extract<Endpoint, { kind: "tcp" }>): Promise<Validity | undefined> {
  const servername = net.isIP(host) ? undefined : host;
  const socket = tls.connect({ host, port, servername, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  try {
    return await new Promise((resolve) => {
      socket.setTimeout(lookTimeoutMilliseconds, () => resolve(undefined));
      socket.once("error", () => resolve(undefined));
      socket.once("close", () => resolve(undefined));
      socket.once("secureConnect", () => {
        const certificate = socket.getPeerX509Certificate();
        resolve(certificate && validityOf(certificate));
      });
    });
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}
