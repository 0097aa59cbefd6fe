import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import type { TlsMaterial } from "../transport/endpoint";
import { BuildError } from "../support/errors";
import { isBuilderName } from "../support/names";
import { makeOwnFolder } from "../support/ownFolders";
import { homeDirectory, writeFileAtomically } from "../support/paths";

/**
 * Where `wake` keeps keys and this machine's name. No cache: those are copied around by CI systems.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function configDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CONFIG_HOME || path.join(homeDirectory(), ".config");
  return path.join(base, "multi-platform-image");
}

/** The folder of all builders' certificates. */
export function certificatesRoot(): string {
  return path.join(configDirectory(), "certificates");
}

/** The folder of a builder's certificates: of what is no builder's name it could be any folder. */
export function certificatesDirectory(builderName: string): string {
  if (!isBuilderName(builderName)) {
    throw new BuildError(
      `${JSON.stringify(builderName)} is no builder's name: those are a-z, 0-9, '.', '_', '-', and eight digits of a hash. ` +
        "Fix: `multi-platform-image status` shows the names.",
    );
  }
  return path.join(certificatesRoot(), builderName);
}

/** The file that holds this machine's name. */
export function holderFile(): string {
  return path.join(configDirectory(), "holder");
}

/** Tells this user of this machine from others, in leases and rules: the same for every `wake`, made by the first. */
export function ownHolder(): string {
  const found = readHolder();
  if (found) {
    return found;
  }
  makeConfigFolder(configDirectory());
  writeFileAtomically(holderFile(), crypto.randomBytes(4).toString("hex"));
  // Of two commands at once, both take the name that stayed.
  return readHolder() ?? ownHolder();
}

/** @throws BuildError where others could put another certificate there. */
function makeConfigFolder(folder: string): void {
  makeOwnFolder(folder, configDirectory(), "set XDG_CONFIG_HOME to a folder that this user alone can write to");
}

/** This machine's name, if it has one yet. */
export function readHolder(): string | undefined {
  try {
    const text = fs.readFileSync(holderFile(), "utf8");
    return /^[0-9a-f]{8}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The holder's name in a builder's lease. */
export function leaseHolder(holder: string): string {
  return `cli-${holder}`;
}

/** Writes a builder's client certificate, for buildx. Says where, in the words of `--driver-opt`. */
export function writeCertificates(builderName: string, tls: TlsMaterial): Record<string, string> {
  const directory = certificatesDirectory(builderName);
  makeConfigFolder(directory);
  const write = (name: string, content: string) => {
    const file = path.join(directory, name);
    writeFileAtomically(file, content);
    return file;
  };
  // In the order of their names, as buildx writes them.
  return {
    cacert: write("ca.pem", tls.ca),
    cert: write("cert.pem", tls.cert),
    key: write("key.pem", tls.key),
    ...(tls.serverName && { servername: tls.serverName }),
  };
}
