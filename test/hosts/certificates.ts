// The X.509 library's dependency injection needs it before its own first line runs.
import "reflect-metadata";

import { randomBytes, webcrypto } from "node:crypto";

import * as x509 from "@peculiar/x509";

/** The name in every server certificate: addresses change, the certificate does not. */
export const serverName = "buildkit.node.internal";

export interface Leaf {
  certificate: string;
  key: string;
}

export interface LeafOptions {
  /** DNS names and IP addresses of the certificate. @default - the tests' server name, for servers */
  names?: string[];
  /** @default - an hour ago */
  validFrom?: Date;
  /** @default - in a day */
  validUntil?: Date;
}

/** One certificate authority of the tests. A second one is "the wrong CA". */
export interface Authority {
  certificate: string;
  issueServer(options?: LeafOptions): Promise<Leaf>;
  issueClient(options?: LeafOptions): Promise<Leaf>;
}

// BuildKit's TLS takes P-256; the tls provider's own default, P-224, fails the handshake.
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hour = 3_600_000;

export const hoursFromNow = (hours: number): Date => new Date(Date.now() + hours * hour);

export async function createAuthority(name = "tests"): Promise<Authority> {
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerial(),
      name: `CN=${name} CA`,
      notBefore: hoursFromNow(-48),
      notAfter: hoursFromNow(48),
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const issue = async (commonName: string, usage: string, options: LeafOptions): Promise<Leaf> => {
    const leafKeys = await newKeys();
    const extensions: x509.Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
    ];
    if (options.names?.length) extensions.push(new x509.SubjectAlternativeNameExtension(options.names.map(toName)));
    const leaf = await x509.X509CertificateGenerator.create(
      {
        serialNumber: newSerial(),
        subject: `CN=${commonName}`,
        issuer: ca.subject,
        notBefore: options.validFrom ?? hoursFromNow(-1),
        notAfter: options.validUntil ?? hoursFromNow(24),
        signingKey: keys.privateKey,
        publicKey: leafKeys.publicKey,
        signingAlgorithm: algorithm,
        extensions,
      },
      webcrypto,
    );
    const key = await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey);
    return { certificate: pem(leaf), key: x509.PemConverter.encode(key, "PRIVATE KEY") + "\n" };
  };
  return {
    certificate: pem(ca),
    issueServer: (options = {}) =>
      issue("server", x509.ExtendedKeyUsage.serverAuth, { ...options, names: options.names ?? [serverName] }),
    issueClient: (options = {}) => issue("client", x509.ExtendedKeyUsage.clientAuth, options),
  };
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

// A leading zero bit keeps the number positive, as RFC 5280 section 4.1.2.2 asks.
const newSerial = (): string => `01${randomBytes(15).toString("hex")}`;

const pem = (certificate: x509.X509Certificate): string => certificate.toString("pem") + "\n";

const toName = (name: string): x509.GeneralName => new x509.GeneralName(/^[\d.]+$|:/.test(name) ? "ip" : "dns", name);
