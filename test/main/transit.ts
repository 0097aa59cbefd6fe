import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";

import { atEnd } from "./atEnd";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const prefix = "vault:v1:";

/** Copies of one stack are read by all processes of a run, so its key is the same in each. */
const key = createHash("sha256").update("the key of the tests' stacks").digest();

/** The secrets provider of the tests' stacks: https://www.pulumi.com/docs/iac/concepts/secrets/#available-encryption-providers */
export const secretsProvider = "hashivault://tests";

let serving: Promise<NodeJS.ProcessEnv> | undefined;

/**
 * Keeps the stacks' data key as Vault's transit engine does, for commands of this process. From a passphrase, each command
 * of Pulumi derives its key anew, in a million rounds of SHA-256, which take a third of a second of a core, hundreds of
 * times in a run: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/config/crypt.go#L168
 *
 * What is asked and answered: https://developer.hashicorp.com/vault/api-docs/secret/transit#encrypt-data
 *
 * @returns what a command needs to find it. It is a socket, which other network namespaces reach, too.
 */
export function transit(): Promise<NodeJS.ProcessEnv> {
  return (serving ??= serve());
}

async function serve(): Promise<NodeJS.ProcessEnv> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-keys-"));
  const socket = path.join(folder, "keys");
  const server = http.createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  server.unref();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  // Some stacks belong to another user.
  fs.chmodSync(folder, 0o755);
  fs.chmodSync(socket, 0o666);
  atEnd(() => {
    server.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  return { VAULT_ADDR: `unix://${socket}`, VAULT_TOKEN: "tests" };
}

async function answer(request: http.IncomingMessage): Promise<{ status: number; body: object }> {
  const asked = JSON.parse((await text(request)) || "{}") as { plaintext?: string; ciphertext?: string };
  try {
    if (request.url === "/v1/transit/encrypt/tests" && asked.plaintext !== undefined) {
      return { status: 200, body: { data: { ciphertext: encrypt(asked.plaintext), key_version: 1 } } };
    }
    if (request.url === "/v1/transit/decrypt/tests" && asked.ciphertext !== undefined) {
      return { status: 200, body: { data: { plaintext: decrypt(asked.ciphertext) } } };
    }
    return { status: 404, body: { errors: [`no handler for route ${request.url}`] } };
  } catch {
    return { status: 400, body: { errors: ["invalid ciphertext: unable to decrypt"] } };
  }
}

function encrypt(plaintext: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const encrypted = [cipher.update(plaintext, "base64"), cipher.final()];
  return prefix + Buffer.concat([nonce, ...encrypted, cipher.getAuthTag()]).toString("base64");
}

function decrypt(ciphertext: string): string {
  const bytes = Buffer.from(ciphertext.slice(prefix.length), "base64");
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const parts = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
  return Buffer.concat(parts).toString("base64");
}
