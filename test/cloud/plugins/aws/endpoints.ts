import { isIP } from "node:net";

import type { Configuration } from "./client";

/** Loopback and the test networks. A stand-in that reached AWS would make things there that cost money. */
const testAddresses = /^(127\.|198\.1[89]\.|169\.254\.|\[?::1\]?$)/;

export function endpointOf(service: string, { endpoints = [] }: Configuration): string {
  const variable = `AWS_ENDPOINT_URL_${service.toUpperCase()}`;
  const given = endpoints.map((each) => each[service]).find(Boolean);
  const endpoint = given ?? process.env[variable] ?? process.env.AWS_ENDPOINT_URL;
  if (!endpoint) {
    throw new Error(
      `stand-in: no endpoint for ${service}: set AWS_ENDPOINT_URL, ${variable} or the provider's endpoints, to loopback`,
    );
  }
  const { hostname } = new URL(endpoint);
  // No name below .test is anybody's: https://www.rfc-editor.org/rfc/rfc6761
  if (
    hostname !== "localhost" &&
    !hostname.endsWith(".test") &&
    (!isIP(hostname.replace(/[[\]]/g, "")) || !testAddresses.test(hostname))
  ) {
    throw new Error(`stand-in: the endpoint ${endpoint} is not one of the tests: use loopback or 198.18.0.0/15`);
  }
  return endpoint;
}
