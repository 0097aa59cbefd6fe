import { randomBytes, webcrypto } from "node:crypto";

import * as x509 from "@peculiar/x509";

import type { Plan } from "../protocol/plan";
import type { Created } from "../protocol/resource";
import { isUnknown, type Properties, unknown } from "../protocol/values";
import type { SigningKeys } from "./keys";

/** What both kinds of certificates take. */
export type Certificate = {
  allowedUses: string[];
  earlyRenewalHours?: number;
  isCaCertificate?: boolean;
  maxPathLength?: number;
  setSubjectKeyId?: boolean;
  validityPeriodHours: number;
};

export const certificateAttributes = {
  allowedUses: { kind: "required", replaces: true },
  certPem: { kind: "computed" },
  earlyRenewalHours: { kind: "optional", default: 0 },
  isCaCertificate: { kind: "optional", replaces: true, default: false },
  maxPathLength: { kind: "optional computed", replaces: true },
  readyForRenewal: { kind: "computed" },
  setSubjectKeyId: { kind: "optional", replaces: true, default: false },
  validityEndTime: { kind: "computed" },
  validityPeriodHours: { kind: "required", replaces: true },
  validityStartTime: { kind: "computed" },
} as const;

const keyUsages: Record<string, keyof typeof x509.KeyUsageFlags> = {
  digital_signature: "digitalSignature",
  content_commitment: "nonRepudiation",
  key_encipherment: "keyEncipherment",
  data_encipherment: "dataEncipherment",
  key_agreement: "keyAgreement",
  cert_signing: "keyCertSign",
  crl_signing: "cRLSign",
};

const extendedKeyUsages: Record<string, keyof typeof x509.ExtendedKeyUsage> = {
  server_auth: "serverAuth",
  client_auth: "clientAuth",
  code_signing: "codeSigning",
};

export function checkCertificate({ allowedUses = [] }: Properties): Record<string, string> {
  const known = [...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)];
  const wrong = (allowedUses as string[]).filter((use) => !known.includes(use));
  return wrong.length > 0 ? { allowedUses: `value must be one of: ${known.join(", ")}, got: ${wrong.join(", ")}` } : {};
}

const hourMilliseconds = 3_600_000;

const isReadyForRenewal = ({ validityEndTime, earlyRenewalHours }: Properties): boolean =>
  Date.parse(String(validityEndTime)) - Number(earlyRenewalHours ?? 0) * hourMilliseconds <= Date.now();

/** A certificate that is about to end, or has, is made anew by the next update, with no argument changed. */
export function renewInTime({ state, planned, differences }: Plan): void {
  if (!state) planned.readyForRenewal = Number(planned.earlyRenewalHours) >= Number(planned.validityPeriodHours);
  if (!state || isUnknown(planned.earlyRenewalHours)) return;
  if (isReadyForRenewal({ ...state, earlyRenewalHours: planned.earlyRenewalHours })) {
    planned.readyForRenewal = unknown;
    differences.set("readyForRenewal", { kind: "update", replaces: true });
  }
}

export const readCertificate = (_id: string, state: Properties): Promise<Properties> =>
  Promise.resolve(isReadyForRenewal(state) ? { readyForRenewal: true } : {});

export interface Issue {
  subject: x509.JsonName;
  issuer: x509.JsonName;
  publicKey: webcrypto.CryptoKey;
  signer: SigningKeys;
  /** Of the names that the certificate is for, and of its issuer. */
  extensions: x509.Extension[];
}

export async function issue(planned: Certificate, to: Issue): Promise<Created> {
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + planned.validityPeriodHours * hourMilliseconds);
  // A leading zero bit keeps the number positive, as RFC 5280 section 4.1.2.2 asks.
  const serialNumber = `01${randomBytes(15).toString("hex")}`;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber,
      subject: to.subject,
      issuer: to.issuer,
      notBefore,
      notAfter,
      signingKey: to.signer.keys.privateKey,
      publicKey: to.publicKey,
      signingAlgorithm: to.signer.algorithm,
      extensions: [...(await extensionsOf(planned, to.publicKey)), ...to.extensions],
    },
    webcrypto,
  );
  return {
    id: BigInt(`0x${serialNumber}`).toString(),
    outputs: {
      certPem: `${certificate.toString("pem")}\n`,
      validityEndTime: notAfter.toISOString(),
      validityStartTime: notBefore.toISOString(),
    },
  };
}

async function extensionsOf(planned: Certificate, publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> {
  const isCa = planned.isCaCertificate === true;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(isCa, isCa ? planned.maxPathLength : undefined, true),
  ];
  const usage = planned.allowedUses
    .filter((use) => use in keyUsages)
    .reduce((flags, use) => flags | x509.KeyUsageFlags[keyUsages[use]], 0);
  if (usage !== 0) extensions.push(new x509.KeyUsagesExtension(usage, true));
  const extended = planned.allowedUses
    .filter((use) => use in extendedKeyUsages)
    .map((use) => x509.ExtendedKeyUsage[extendedKeyUsages[use]]);
  if (extended.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension(extended));
  if (isCa || planned.setSubjectKeyId) {
    extensions.push(await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto));
  }
  return extensions;
}
