import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
} from "node:crypto";

export const curves: Record<string, string> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

export function generateKey(algorithm: string, curve: string, rsaBits: number): KeyObject {
  switch (algorithm) {
    case "ECDSA":
      return generateKeyPairSync("ec", { namedCurve: curves[curve] ?? curve }).privateKey;
    case "RSA":
      return generateKeyPairSync("rsa", { modulusLength: rsaBits }).privateKey;
    case "ED25519":
      return generateKeyPairSync("ed25519").privateKey;
    default:
      throw new Error(`Key Algorithm "${algorithm}" is not supported`);
  }
}

/** `EC PRIVATE KEY`, `RSA PRIVATE KEY` or, for others, `PRIVATE KEY`. */
export function privatePem(key: KeyObject): string {
  const type = key.asymmetricKeyType === "ec" ? "sec1" : key.asymmetricKeyType === "rsa" ? "pkcs1" : "pkcs8";
  return key.export({ type: type, format: "pem" }).toString();
}

export const publicDer = (key: KeyObject): Buffer => createPublicKey(key).export({ type: "spki", format: "der" });

export const sha1 = (data: string | Buffer): string => createHash("sha1").update(data).digest("hex");

export interface SigningKeys {
  keys: webcrypto.CryptoKeyPair;
  algorithm: webcrypto.EcdsaParams & webcrypto.RsaHashedImportParams & webcrypto.EcKeyImportParams;
  /** As the provider names it. */
  keyAlgorithm: string;
}

/** A private key in PEM, for the X.509 library. */
export async function signingKeys(pem: string): Promise<SigningKeys> {
  const key = createPrivateKey(pem);
  const algorithm = algorithmOf(key);
  const der = key.export({ type: "pkcs8", format: "der" });
  const privateKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  const publicKey = await webcrypto.subtle.importKey("spki", publicDer(key), algorithm, true, ["verify"]);
  return { keys: { privateKey, publicKey }, algorithm, keyAlgorithm: key.asymmetricKeyType === "ec" ? "ECDSA" : "RSA" };
}

function algorithmOf(key: KeyObject): SigningKeys["algorithm"] {
  if (key.asymmetricKeyType === "rsa") {
    return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as SigningKeys["algorithm"];
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  // A curve's strength is its hash's, as in Go's crypto/x509.
  if (curve === "prime256v1") return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  if (curve === "secp384r1") return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
  throw new Error(`stand-in: certificates with keys of ${curve ?? key.asymmetricKeyType} are not implemented`);
}
