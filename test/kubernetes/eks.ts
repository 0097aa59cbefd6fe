import * as http from "node:http";

import { type KnownKey, verify } from "../unit/nodes/kubernetes/eksVerifier";
import type { TestCluster } from "./cluster";

interface TokenReview {
  spec: { token: string };
}

/** Has the API server take tokens as that of an EKS cluster of this name does, whoever's key of these it is: all are one user. */
export async function reviewTokens(
  { tokenReviewer }: TestCluster,
  cluster: string,
  keys: Readonly<Record<string, KnownKey>>,
  username: string,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const { spec } = JSON.parse(body) as TokenReview;
      const status = review(spec.token, cluster, keys, username);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status }));
    });
  });
  const { hostname, port } = new URL(tokenReviewer);
  await new Promise<void>((resolve) => server.listen(Number(port), hostname, resolve));
  return server;
}

function review(token: string, cluster: string, keys: Readonly<Record<string, KnownKey>>, username: string): object {
  try {
    verify(token, cluster, keys, new Date());
    return { authenticated: true, user: { username } };
  } catch (error) {
    return { authenticated: false, error: (error as Error).message };
  }
}

/** The kubeconfig that EKS' own tools write, of a cluster that a test's kubeconfig names. */
export function eksKubeconfig(kubeconfig: string, cluster: string): string {
  const config = JSON.parse(kubeconfig) as { users: { name: string; user: object }[] };
  const [{ name }] = config.users;
  const args = ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", cluster, "--output", "json"];
  const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "aws", args };
  return JSON.stringify({ ...config, users: [{ name, user: { exec } }] });
}
