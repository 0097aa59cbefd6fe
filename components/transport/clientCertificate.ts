import * as crypto from "node:crypto";

import type { TlsMaterial } from "./endpoint";

// https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12
const clientAuthentication = "1.3.6.1.5.5.7.3.2";

/** How to get valid certificates of a builder that issues its own. */
export function renewal(builderName: string): string {
  return (
    `run \`pulumi up\` of the stack that declares builder ${builderName}; ` +
    "another stack's next `pulumi up` takes the new `connection`"
  );
}

/**
 * What is wrong with a client certificate by itself, as a sentence with its fix, or undefined. Asked before a node is
 * called, because servers answer most of these with the same "bad certificate" or by hanging up.
 * @param renew how to get another one.
 */
export function clientCertificateProblem(
  material: TlsMaterial,
  now: Date,
  renew = "issue a new one",
): string | undefined {
  let certificate: crypto.X509Certificate;
  let key: crypto.KeyObject;
  try {
    certificate = new crypto.X509Certificate(material.cert);
  } catch {
    return "the client certificate (`tls.cert`) is no PEM certificate";
  }
  try {
    key = crypto.createPrivateKey(material.key);
  } catch {
    return "the client key (`tls.key`) is no PEM private key";
  }
  if (!certificate.checkPrivateKey(key)) {
    return "the client key (`tls.key`) does not belong to the client certificate (`tls.cert`)";
  }
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (now > to) {
    return `the client certificate expired at ${to.toISOString()}, and this machine's clock says ${now.toISOString()}: ${renew}`;
  }
  if (now < from) {
    return `the client certificate is not valid before ${from.toISOString()}, and this machine's clock says ${now.toISOString()}: set the clock, or ${renew}`;
  }
  // Node's name for the extended key usage: https://nodejs.org/api/crypto.html#x509keyusage
  const usages = certificate.keyUsage;
  if (usages?.length && !usages.includes(clientAuthentication)) {
    return "the client certificate lacks the extended key usage clientAuth: issue one with it";
  }
  return undefined;
}
