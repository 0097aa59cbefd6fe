import { BuildError } from "../../../support/errors";

/** A call to AWS in the words of messages. */
export interface AwsCall {
  /** As IAM spells it: `ec2:StartInstances`. */
  action: string;
  /** What it acts on, as an ARN or in words. */
  resource: string;
  /** Who makes it, where known: an ARN. */
  identity?: string;
}

/** What the fields of an SDK's error are, whichever service it is of. */
interface SdkError extends Error {
  Code?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $retryable?: object;
}

const denied = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];
const transient =
  /^(RequestLimitExceeded|Throttling\w*|TooManyRequestsException|ServiceUnavailable|Unavailable|InternalError|InternalServerError|TimeoutError|RequestTimeout|RequestTimeoutException|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/;

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#CommonErrors
const fixes: readonly [codes: readonly string[], cause: string, fix: string][] = [
  [
    ["ExpiredToken", "ExpiredTokenException"],
    "the AWS credentials have expired",
    "sign in again (`aws sso login`, or new temporary keys)",
  ],
  [
    ["InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId"],
    "AWS does not know these credentials",
    "check the access key, and that the region is enabled for the account",
  ],
  [
    ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"],
    "AWS refuses the signature",
    "check the secret key",
  ],
  [["RequestExpired", "RequestTimeTooSkewed"], "the clock of this machine is wrong", "set it"],
  [["OptInRequired"], "the account is not signed up for this", "enable the service or region for the account"],
  [["PendingVerification"], "AWS still verifies the account for this region", "try again in some hours"],
];

/** AWS's code for a failure: `InsufficientInstanceCapacity`. */
export function codeOf(error: unknown): string {
  const { Code, code, name } = error as SdkError;
  // The SDK gives an error that it has no class for the code as its name.
  return (Code ?? (name === "Error" ? code : name) ?? "Error").replace(/^(Client|Server)\./, "");
}

/** Whether the same call may succeed a little later: the service or the way to it is at fault. */
export function isTransient(error: unknown): boolean {
  const { code, $metadata, $retryable } = error as SdkError;
  return (
    !(error instanceof BuildError) &&
    (Boolean($retryable) ||
      ($metadata?.httpStatusCode ?? 0) >= 500 ||
      transient.test(codeOf(error)) ||
      transient.test(code ?? ""))
  );
}

/** Calls AWS; a failure becomes a sentence that names the call. */
export async function call<T>(description: AwsCall, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw describeAwsError(error, description);
  }
}

/** A failed call as a sentence with its fix. */
export function describeAwsError(error: unknown, { action, resource, identity }: AwsCall): BuildError {
  if (error instanceof BuildError) {
    return error;
  }
  const code = codeOf(error);
  const who = identity ? ` by ${identity}` : "";
  if (denied.includes(code)) {
    return new BuildError(
      `${action} on ${resource}${who} is not allowed (${code}). Fix: allow \`${action}\` on it in the policy of that identity, or use another one.`,
    );
  }
  if (code === "CredentialsProviderError") {
    return new BuildError(
      `${action} on ${resource}: there are no usable AWS credentials: ${shortMessage(error)}. ` +
        "Fix: set `aws:profile` or AWS_PROFILE, keys in the environment, or sign in (`aws sso login`).",
    );
  }
  const row = fixes.find(([codes]) => codes.includes(code));
  if (row) {
    return new BuildError(`${action} on ${resource}${who} failed: ${row[1]} (${code}). Fix: ${row[2]}.`);
  }
  if (isTransient(error)) {
    return new BuildError(
      `${action} on ${resource} got no answer: ${code}: ${shortMessage(error)}. Fix: try again, and check this machine's way to AWS.`,
    );
  }
  return new BuildError(`${action} on ${resource}${who} failed: ${code}: ${shortMessage(error)}.`);
}

/** Without what is encoded or long: of no use to a reader, and an encoded message may name what he may not know. */
export function shortMessage(error: unknown): string {
  return (error as Error).message
    .split("\n")[0]
    .replace(/\s*Encoded authorization failure message:.*$/s, "")
    .replace(/[.\s]+$/, "")
    .slice(0, 500);
}
