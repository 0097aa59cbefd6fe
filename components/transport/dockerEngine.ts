import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";

import { describeFailure } from "./failures";
import { homeDirectory } from "../support/paths";
import { parsePlatform, type Platform } from "../support/platforms";

const answerTimeoutMilliseconds = 5_000;

/** A Docker engine that answers. */
export interface Engine {
  /** As buildx is given it: `unix:///var/run/docker.sock`. */
  endpoint: string;
  version: string;
  /** Its machine's own platform, where it is one that we know. */
  platform?: Platform;
}

/** The Docker engine of this machine, or where one was looked for, and what went wrong there. */
export async function findEngine(environment: NodeJS.ProcessEnv = process.env): Promise<Engine | { tried: string }> {
  const tried: string[] = [];
  for (const endpoint of engineEndpoints(environment)) {
    try {
      return await askEngine(endpoint);
    } catch (error) {
      tried.push(`${endpoint}: ${describeFailure(error as Error).cause}`);
    }
  }
  return { tried: tried.join("; ") };
}

/** Where Docker's own client would look, but for its contexts. */
export function engineEndpoints(environment: NodeJS.ProcessEnv, system: NodeJS.Platform = os.platform()): string[] {
  if (environment.DOCKER_HOST) {
    return [environment.DOCKER_HOST];
  }
  // Docker Desktop for Mac makes the first only when it is asked to.
  const ofUser = () => path.join(environment.HOME ?? homeDirectory(), ".docker/run/docker.sock");
  return ["unix:///var/run/docker.sock", ...(system === "darwin" ? [`unix://${ofUser()}`] : [])];
}

/**
 * Asks an engine who it is.
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemVersion
 */
export async function askEngine(endpoint: string, timeoutMilliseconds = answerTimeoutMilliseconds): Promise<Engine> {
  const answer = await get(connection(endpoint), timeoutMilliseconds);
  const { Version: version, Arch: architecture } = parseAnswer(answer);
  return { endpoint, version, platform: parsePlatform(`linux/${architecture}`) };
}

function connection(endpoint: string): http.RequestOptions {
  if (endpoint.startsWith("unix:///")) {
    return { socketPath: endpoint.slice("unix://".length) };
  }
  if (endpoint.startsWith("tcp://") && URL.canParse(endpoint)) {
    const { hostname, port } = new URL(endpoint);
    return { host: hostname.replace(/^\[|\]$/g, ""), port: port || 2375 };
  }
  throw new Error("only unix:///PATH and tcp://HOST:PORT work here");
}

function get(connection: http.RequestOptions, timeoutMilliseconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ ...connection, path: "/version", agent: false }, (response) => {
      text(response).then(resolve, reject);
    });
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" }));
    }, timeoutMilliseconds);
    request.once("error", reject);
    request.once("close", () => clearTimeout(timer));
  });
}

function parseAnswer(answer: string): { Version: string; Arch: string } {
  try {
    const { Version, Arch } = JSON.parse(answer) as Record<string, unknown>;
    if (typeof Version === "string" && typeof Arch === "string") {
      return { Version, Arch };
    }
  } catch {
    // Told below.
  }
  throw new Error(`what answers is no Docker engine: ${JSON.stringify(answer.trim().slice(0, 80))}`);
}
