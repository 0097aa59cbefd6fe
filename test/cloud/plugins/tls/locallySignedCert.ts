import { webcrypto } from "node:crypto";

import * as x509 from "@peculiar/x509";

import type { ResourceType } from "../protocol/resource";
import {
  type Certificate,
  certificateAttributes,
  checkCertificate,
  issue,
  readCertificate,
  renewInTime,
} from "./certificate";
import { signingKeys } from "./keys";

// https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
const alternativeName = "2.5.29.17";

type LocallySignedCert = Certificate & { caCertPem: string; caPrivateKeyPem: string; certRequestPem: string };

export const locallySignedCert: ResourceType<object> = {
  attributes: {
    ...certificateAttributes,
    caCertPem: { kind: "required", replaces: true },
    caKeyAlgorithm: { kind: "computed" },
    caPrivateKeyPem: { kind: "required", replaces: true, isSecret: true },
    certRequestPem: { kind: "required", replaces: true },
  },
  check: checkCertificate,
  modifyPlan: renewInTime,
  async create(planned: LocallySignedCert) {
    const request = new x509.Pkcs10CertificateRequest(planned.certRequestPem);
    const authority = new x509.X509Certificate(planned.caCertPem);
    const signer = await signingKeys(planned.caPrivateKeyPem);
    const publicKey = (await request.publicKey.export(webcrypto)) as webcrypto.CryptoKey;
    const names = request.getExtension(alternativeName);
    const { id, outputs } = await issue(planned, {
      subject: request.subjectName.toJSON(),
      issuer: authority.subjectName.toJSON(),
      publicKey,
      signer,
      extensions: [...(names ? [names] : []), ...authorityKeyId(authority)],
    });
    return { id, outputs: { ...outputs, caKeyAlgorithm: signer.keyAlgorithm } };
  },
  read: readCertificate,
  delete: () => Promise.resolve(),
};

function authorityKeyId(authority: x509.X509Certificate): x509.Extension[] {
  const identifier = authority.getExtension(x509.SubjectKeyIdentifierExtension);
  return identifier ? [new x509.AuthorityKeyIdentifierExtension(identifier.keyId)] : [];
}
