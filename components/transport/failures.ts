/** Why a node could not be talked to. */
export interface Failure {
  cause: string;
  fix: string;
  /** Waiting does not help. */
  permanent: boolean;
  /** Where the dates in both sides' certificates say more: see tlsFailures.ts. */
  kind?: FailureKind;
}

/** What TLS can find wrong with a certificate, besides its name. */
export type FailureKind = "untrusted" | "node-expired" | "node-not-yet-valid" | "client-expired";

type Row = [codes: readonly string[], failure: Failure];

// https://grpc.io/docs/guides/status-codes/
const grpcDeadlineExceeded = "4";

// OpenSSL's and Node's codes: https://nodejs.org/api/tls.html#x509-certificate-error-codes
// What BuildKit's server answers was measured with v0.31.1: another CA's client certificate ends in a broken pipe.
const rows: readonly Row[] = [
  [
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    {
      cause: "its certificate is not signed by the CA in `tls.ca`",
      fix: "give the CA that signed the node's certificate",
      permanent: true,
      kind: "untrusted",
    },
  ],
  [
    ["UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "CERT_SIGNATURE_FAILURE"],
    {
      cause: "its certificate is not signed by the CA in `tls.ca`",
      fix: "give the CA that signed the node's certificate",
      permanent: true,
      kind: "untrusted",
    },
  ],
  [
    ["CERT_HAS_EXPIRED"],
    {
      cause: "its certificate has expired",
      fix: "issue a new one and restart buildkitd, which reads it once (or set this machine's clock)",
      permanent: true,
      kind: "node-expired",
    },
  ],
  [
    ["CERT_NOT_YET_VALID"],
    {
      cause: "its certificate is not valid yet",
      fix: "compare the clocks of this machine and of the one that issued it",
      permanent: true,
      kind: "node-not-yet-valid",
    },
  ],
  [
    ["ERR_TLS_CERT_ALTNAME_INVALID"],
    {
      cause: "its certificate is for another name",
      fix: "set `tls.serverName` to an alternative name in the certificate (its common name does not count)",
      permanent: true,
    },
  ],
  [
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"],
    { cause: "it wants a client certificate", fix: "give `tls.cert` and `tls.key`", permanent: true },
  ],
  [
    [
      "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
      "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
      "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
      "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR",
      "ERR_SSL_TLS_ALERT_UNKNOWN_CA",
      "ERR_SSL_TLS_ALERT_BAD_CERTIFICATE",
    ],
    {
      cause: "it refuses the client certificate",
      fix: "use one that is signed by the CA in the node's own buildkitd.toml",
      permanent: true,
      kind: "untrusted",
    },
  ],
  [
    ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED"],
    {
      cause: "it says that the client certificate has expired, or is not valid yet",
      fix: "issue a new one, or compare the clocks",
      permanent: true,
      kind: "client-expired",
    },
  ],
  [
    ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "ERR_SSL_HTTP_REQUEST"],
    {
      cause: "it does not speak TLS",
      fix: "leave out `tls`, or give buildkitd a certificate ([grpc.tls] in buildkitd.toml)",
      permanent: true,
    },
  ],
  [
    ["ECONNREFUSED"],
    { cause: "nothing listens there", fix: "start buildkitd on the node, and check the port", permanent: false },
  ],
  [
    ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", grpcDeadlineExceeded],
    {
      cause: "it does not answer",
      fix: "check that the machine runs, its address, and that its firewall lets this machine in",
      permanent: false,
    },
  ],
  [
    ["ENOTFOUND", "EAI_AGAIN"],
    { cause: "its name has no address", fix: "check the host in `endpoint`", permanent: false },
  ],
  [
    ["EACCES", "EPERM"],
    { cause: "its socket may not be opened", fix: "give this user the right to write to it", permanent: true },
  ],
  [
    ["ECONNRESET", "EPIPE"],
    {
      cause: "it hangs up",
      fix: "buildkitd may be starting; a client certificate of another CA looks like this too",
      permanent: false,
    },
  ],
];

/** What a failed connection means. */
export function describeFailure(error: NodeJS.ErrnoException | undefined): Failure {
  const code = error?.code;
  const row = rows.find(([codes]) => code !== undefined && codes.includes(String(code)));
  if (row) {
    return row[1];
  }
  if (code === "ENOENT") {
    const fix = "start buildkitd on the node, or check the path (for ssh:// the program ssh is needed here)";
    return { cause: "there is no such socket or program", fix, permanent: false };
  }
  return {
    cause: error ? error.message : "it gives no answer",
    fix: "look at the log of buildkitd on the node",
    permanent: false,
  };
}
