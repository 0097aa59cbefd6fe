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
import { alternativeNames, distinguishedName, nameAttributes, type Names } from "./names";

type SelfSignedCert = Certificate & Names & { privateKeyPem: string };

export const selfSignedCert: ResourceType<object> = {
  attributes: {
    ...certificateAttributes,
    ...nameAttributes,
    keyAlgorithm: { kind: "computed" },
    privateKeyPem: { kind: "required", replaces: true, isSecret: true },
  },
  check: checkCertificate,
  modifyPlan: renewInTime,
  async create(planned: SelfSignedCert) {
    const signer = await signingKeys(planned.privateKeyPem);
    const name = distinguishedName(planned.subject);
    if (planned.isCaCertificate && name.length === 0) {
      throw new Error("Must contain at least one Distinguished Name when creating Certificate Authority (CA)");
    }
    const { publicKey } = signer.keys;
    const extensions = alternativeNames(planned);
    const { id, outputs } = await issue(planned, { subject: name, issuer: name, publicKey, signer, extensions });
    return { id, outputs: { ...outputs, keyAlgorithm: signer.keyAlgorithm } };
  },
  read: readCertificate,
  delete: () => Promise.resolve(),
};
