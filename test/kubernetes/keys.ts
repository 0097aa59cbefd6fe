import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Authority } from "../hosts/certificates";
import { type ClusterPlaces, type ClusterUser, users } from "./settings";

/** Keys of the control plane, and a kubeconfig for each user. */
export async function writeKeys(places: ClusterPlaces, authority: Authority): Promise<void> {
  const { address, folder } = places;
  await writeMachineKeys(places, authority, [address, "127.0.0.1", "10.96.0.1", "kubernetes.default.svc"]);
  const client = await authority.issueClient();
  const accounts = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  await write(folder, "client.crt", client.certificate);
  await write(folder, "client.key", client.key);
  await write(folder, "accounts.pub", accounts.publicKey);
  await write(folder, "accounts.key", accounts.privateKey);
  const lines: string[] = [];
  for (const [user, { name, groups }] of Object.entries(users)) {
    const token = randomBytes(16).toString("hex");
    lines.push([token, name, user, ...(groups.length > 0 ? [`"${groups.join(",")}"`] : [])].join(","));
    const ca = Buffer.from(authority.certificate).toString("base64");
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "tests", cluster: { server: `https://${address}:6443`, "certificate-authority-data": ca } }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: "tests", context: { cluster: "tests", user } }],
      "current-context": "tests",
    };
    await write(folder, `${user}.kubeconfig`, JSON.stringify(config));
  }
  await write(folder, "tokens.csv", `${lines.join("\n")}\n`);
}

/** Of a kubelet, by which the API server knows it. */
export async function writeMachineKeys(
  { address, folder }: ClusterPlaces,
  authority: Authority,
  names = [address],
): Promise<void> {
  const server = await authority.issueServer({ names });
  await write(folder, "ca.crt", authority.certificate);
  await write(folder, "server.crt", server.certificate);
  await write(folder, "server.key", server.key);
}

/** Path of the kubeconfig of a user, in the folder of the control plane. */
export const kubeconfigOf = (folder: string, user: ClusterUser): string => join(folder, "pki", `${user}.kubeconfig`);

const write = (folder: string, name: string, text: string): Promise<void> =>
  writeFile(join(folder, "pki", name), text, { mode: 0o600 });
