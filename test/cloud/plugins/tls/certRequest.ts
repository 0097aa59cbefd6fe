import { webcrypto } from "node:crypto";

import * as x509 from "@peculiar/x509";

import type { ResourceType } from "../protocol/resource";
import { sha1, signingKeys } from "./keys";
import { alternativeNames, distinguishedName, nameAttributes, type Names } from "./names";

type CertRequest = Names & { privateKeyPem: string };

export const certRequest: ResourceType<object> = {
  attributes: {
    ...nameAttributes,
    certRequestPem: { kind: "computed" },
    keyAlgorithm: { kind: "computed" },
    privateKeyPem: { kind: "required", replaces: true, isSecret: true },
  },
  async create(planned: CertRequest) {
    const { keys, algorithm, keyAlgorithm } = await signingKeys(planned.privateKeyPem);
    const request = await x509.Pkcs10CertificateRequestGenerator.create(
      {
        name: distinguishedName(planned.subject),
        keys,
        signingAlgorithm: algorithm,
        extensions: alternativeNames(planned),
      },
      webcrypto,
    );
    const certRequestPem = `${request.toString("pem")}\n`;
    return { id: sha1(certRequestPem), outputs: { certRequestPem, keyAlgorithm } };
  },
  read: () => Promise.resolve({}),
  delete: () => Promise.resolve(),
};
