import { CertRequest } from "@pulumi/tls/certRequest";
import { LocallySignedCert } from "@pulumi/tls/locallySignedCert";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import type * as pulumi from "@pulumi/pulumi";

const hoursPerYear = 365 * 24;
const authorityYears = 10;
const leafYears = 2;

// The provider's own default, P224, is no curve of TLS 1.3: https://www.rfc-editor.org/rfc/rfc8446#section-4.2.7
const keyArguments = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** A certificate with its private key, as PEM text; the key is a secret. */
export interface Leaf {
  cert: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

/** The CA of one builder: whoever holds a certificate of it may build there. */
export interface Authority {
  cert: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

/** The CA of one builder, in Pulumi's state alone: no node and no caller holds its key. */
export function createAuthority(name: string, opts: pulumi.CustomResourceOptions): Authority {
  const { privateKeyPem } = new PrivateKey(name, keyArguments, opts);
  const certificate = new SelfSignedCert(
    name,
    {
      privateKeyPem,
      subject: { commonName: name },
      isCaCertificate: true,
      allowedUses: ["cert_signing", "crl_signing"],
      validityPeriodHours: authorityYears * hoursPerYear,
    },
    opts,
  );
  return { cert: certificate.certPem, key: privateKeyPem };
}

/** A certificate that the CA signs. */
export function issueLeaf(
  name: string,
  authority: Authority,
  use: { for: "server_auth"; dnsName: string } | { for: "client_auth" },
  opts: pulumi.CustomResourceOptions,
): Leaf {
  const { privateKeyPem } = new PrivateKey(name, keyArguments, opts);
  const request = new CertRequest(
    name,
    {
      privateKeyPem,
      subject: { commonName: name },
      dnsNames: use.for === "server_auth" ? [use.dnsName] : undefined,
    },
    opts,
  );
  const certificate = new LocallySignedCert(
    name,
    {
      certRequestPem: request.certRequestPem,
      caCertPem: authority.cert,
      caPrivateKeyPem: authority.key,
      allowedUses: ["digital_signature", use.for],
      validityPeriodHours: leafYears * hoursPerYear,
    },
    opts,
  );
  return { cert: certificate.certPem, key: privateKeyPem };
}
