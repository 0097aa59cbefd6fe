import { createPublicKey } from "node:crypto";

import type { ResourceType } from "../protocol/resource";
import { textOf } from "../protocol/values";
import { curves, generateKey, privatePem, publicDer, sha1 } from "./keys";

export const privateKey: ResourceType<object> = {
  attributes: {
    algorithm: { kind: "required", replaces: true },
    // BuildKit takes no key of the default curve.
    ecdsaCurve: { kind: "optional", replaces: true, default: "P224" },
    privateKeyPem: { kind: "computed", isSecret: true },
    privateKeyPemPkcs8: { kind: "computed", isSecret: true },
    publicKeyPem: { kind: "computed" },
    rsaBits: { kind: "optional", replaces: true, default: 2048 },
  },
  check({ algorithm, ecdsaCurve }): Record<string, string> {
    const [chosen, curve] = [textOf(algorithm), textOf(ecdsaCurve)];
    const isAlgorithm = chosen === undefined || ["RSA", "ECDSA", "ED25519"].includes(chosen);
    return {
      ...(!isAlgorithm && {
        algorithm: `value must be one of: ["RSA" "ECDSA" "ED25519"], got: "${chosen}"`,
      }),
      ...(curve !== undefined &&
        !(curve in curves) && {
          ecdsaCurve: `value must be one of: ["P224" "P256" "P384" "P521"], got: "${curve}"`,
        }),
    };
  },
  create({ algorithm, ecdsaCurve, rsaBits }) {
    const key = generateKey(String(algorithm), String(ecdsaCurve), Number(rsaBits));
    return Promise.resolve({
      id: sha1(publicDer(key)),
      outputs: {
        privateKeyPem: privatePem(key),
        privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }),
        publicKeyPem: createPublicKey(key).export({ type: "spki", format: "pem" }),
      },
    });
  },
  read: () => Promise.resolve({}),
  delete: () => Promise.resolve(),
};
