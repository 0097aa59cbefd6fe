import { CertRequest } from "@pulumi/tls/certRequest";
import { LocallySignedCert } from "@pulumi/tls/locallySignedCert";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";
import * as pulumi from "@pulumi/pulumi";

import { orMocked } from "../../../pulumi/mocks";
import { authoritySlots, certificateYears, generationAt } from "./rotation";

const hoursPerYear = 365 * 24;

// The provider's own default, P224, is no curve of TLS 1.3: https://www.rfc-editor.org/rfc/rfc8446#section-4.2.7
const keyArguments = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** A certificate with its private key, as PEM text; the key is a secret. */
export interface Leaf {
  cert: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

/** The CAs of one builder: whoever holds a certificate of one may build there. */
export interface Authority {
  /** The CAs that nodes and clients trust, as one PEM text. */
  certs: pulumi.Output<string>;
  /** The CA that signs now. */
  signer: Leaf;
  /** Replacement trigger of leaf keys. */
  leafTrigger: pulumi.Output<string>;
  /** Serial number of the current leaf, from 1. */
  leafNumber: pulumi.Output<number>;
}

/** The CAs of one builder, in Pulumi's state alone: no node and no caller holds a key of them. */
export function createAuthority(name: string, opts: pulumi.CustomResourceOptions): Authority {
  const now = new Date();
  // Replaced by hand, all that hangs on its id is new: that is how certificates are revoked. See docs/certificates.md.
  const issue = new pulumi.Stash(
    `${name}-certificates`,
    { input: now.toISOString() },
    pulumi.mergeOptions(opts, { ignoreChanges: ["input"] }),
  );
  const generation = orMocked(issue.input as pulumi.Output<string>, now.toISOString()).apply((firstIssue) =>
    generationAt(firstIssue, now),
  );
  const trigger = (number: pulumi.Output<number>) => pulumi.interpolate`${issue.id} ${number}`;
  const authorities = authoritySlots.map((slot) => {
    const number = generation.apply(({ authorities }) => authorities[slot]);
    return selfSigned(`${name}-ca-${slot}`, pulumi.interpolate`${name} CA ${number}`, trigger(number), opts);
  });
  const leafNumber = generation.apply(({ leaf }) => leaf);
  return {
    certs: pulumi.all(authorities.map(({ cert }) => cert)).apply((certs) => certs.join("")),
    signer: {
      cert: generation.apply(({ signingSlot }) => authorities[signingSlot].cert),
      key: generation.apply(({ signingSlot }) => authorities[signingSlot].key),
    },
    leafTrigger: trigger(leafNumber),
    leafNumber,
  };
}

function selfSigned(
  name: string,
  commonName: pulumi.Output<string>,
  trigger: pulumi.Output<string>,
  opts: pulumi.CustomResourceOptions,
): Leaf {
  const { privateKeyPem } = createKey(name, trigger, opts);
  const certificate = new SelfSignedCert(
    name,
    {
      privateKeyPem,
      subject: { commonName },
      isCaCertificate: true,
      allowedUses: ["cert_signing", "crl_signing"],
      validityPeriodHours: certificateYears.authority * hoursPerYear,
    },
    opts,
  );
  return { cert: certificate.certPem, key: privateKeyPem };
}

/** A certificate that the CA signs: a new one, with a new key, at half of its life, and with each CA. */
export function issueLeaf(
  name: string,
  authority: Authority,
  use: { for: "server_auth"; dnsName: string } | { for: "client_auth" },
  opts: pulumi.CustomResourceOptions,
): Leaf {
  const { privateKeyPem } = createKey(name, authority.leafTrigger, opts);
  const request = new CertRequest(
    name,
    {
      privateKeyPem,
      subject: { commonName: pulumi.interpolate`${name} ${authority.leafNumber}` },
      dnsNames: use.for === "server_auth" ? [use.dnsName] : undefined,
    },
    opts,
  );
  const certificate = new LocallySignedCert(
    name,
    {
      certRequestPem: request.certRequestPem,
      caCertPem: authority.signer.cert,
      caPrivateKeyPem: authority.signer.key,
      allowedUses: ["digital_signature", use.for],
      validityPeriodHours: certificateYears.leaf * hoursPerYear,
    },
    opts,
  );
  return { cert: certificate.certPem, key: privateKeyPem };
}

/** All certificates are of their keys, so they follow. */
function createKey(name: string, trigger: pulumi.Output<string>, opts: pulumi.CustomResourceOptions): PrivateKey {
  return new PrivateKey(name, keyArguments, pulumi.mergeOptions(opts, { replacementTrigger: trigger }));
}
