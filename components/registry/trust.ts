import * as fs from "node:fs";
import * as path from "node:path";
import * as tls from "node:tls";

import { namesIn } from "../support/paths";
import type { Environment } from "./proxy";

// Go reads the first file that is there and all files of these folders: https://go.dev/src/crypto/x509/root_linux.go
const bundleFiles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const certificateFolders = ["/etc/ssl/certs", "/etc/pki/tls/certs"];
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

let last: { key: string; context: tls.SecureContext } | undefined;

/**
 * The trust of the machine's Go programs, docker-build among them, and that of Node: an image that they have pushed is read
 * where they pushed it. Made again when a file or variable has changed: it takes as long as a few requests.
 */
export function trust(environment: Environment): tls.SecureContext {
  const files = trustedFiles(environment);
  const key = files.map((file) => `${file} ${fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs}`).join("\n");
  if (last?.key !== key) {
    last = {
      key,
      context: contextOf(distinct([...tls.rootCertificates, ...systemStore(), ...readCertificates(files)])),
    };
  }
  return last.context;
}

/** Files of certificates, each once, as Go looks for them, and the one that Node is given. */
export function trustedFiles({ SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS }: Environment): string[] {
  const bundle = SSL_CERT_FILE || bundleFiles.find((file) => fs.existsSync(file));
  const folders = SSL_CERT_DIR ? SSL_CERT_DIR.split(path.delimiter) : certificateFolders;
  const others = folders.flatMap((folder) => namesIn(folder).map((name) => path.join(folder, name)));
  const files = [bundle, ...others, NODE_EXTRA_CA_CERTS].filter((file) => file !== undefined && file !== "");
  return [...new Set(files as string[])];
}

/** The certificates of files, each once. What can't be read is left out, as Go does. */
export function readCertificates(files: readonly string[]): string[] {
  const found = files.flatMap((file) => {
    try {
      return fs.readFileSync(file, "latin1").match(certificatePattern) ?? [];
    } catch {
      return [];
    }
  });
  return [...new Set(found)];
}

/** Node's own and the machine's are mostly the same, in lines of other lengths; each takes a quarter of a millisecond. */
export function distinct(certificates: readonly string[]): string[] {
  return [...new Map(certificates.map((certificate) => [certificate.replace(/\s/g, ""), certificate])).values()];
}

/** That of macOS and Windows, in a Node that can read it (22.15). On Linux it is what the files hold. */
function systemStore(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: "system") => string[] };
  return process.platform === "linux" ? [] : (getCACertificates?.("system") ?? []);
}

function contextOf(certificates: readonly string[]): tls.SecureContext {
  try {
    return tls.createSecureContext({ ca: [...certificates] });
  } catch {
    // One of them is no certificate: each is tried by itself.
    return tls.createSecureContext({ ca: certificates.filter(isCertificate) });
  }
}

function isCertificate(certificate: string): boolean {
  try {
    tls.createSecureContext({ ca: certificate });
    return true;
  } catch {
    return false;
  }
}
