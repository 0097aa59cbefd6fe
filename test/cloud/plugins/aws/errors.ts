/** What AWS said no with, in the words of the real provider. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    /** What AWS says, without the rest. */
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

interface ServiceException extends Error {
  $metadata?: { httpStatusCode?: number; requestId?: string };
}

/** `operation error EC2: RunInstances, https response error StatusCode: 400, …`: AWS's SDK for Go writes errors like this. */
export function awsError(service: string, operation: string, error: unknown): unknown {
  const { $metadata: metadata, name, message } = error as ServiceException;
  if (!metadata?.httpStatusCode) return error;
  // An error that the service's model knows has a class of its own, and no "api error".
  const isModelled = !(error as object).constructor.name.endsWith("ServiceException");
  const response = `https response error StatusCode: ${metadata.httpStatusCode}, RequestID: ${metadata.requestId ?? ""}`;
  const text = `operation error ${service}: ${operation}, ${response}, ${isModelled ? "" : "api error "}${name}: ${message}`;
  return new AwsError(name, message, text);
}

export const isAwsError = (error: unknown, ...codes: string[]): error is AwsError =>
  error instanceof AwsError && codes.includes(error.code);

/** Puts what the provider was doing before an error's text. */
export const during =
  (what: string) =>
  (error: unknown): never => {
    if (error instanceof AwsError) throw new AwsError(error.code, error.reason, `${what}: ${error.message}`);
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  };

/** Undefined instead of an error with one of these codes. */
export const unless =
  (...codes: string[]) =>
  (error: unknown): undefined => {
    if (!isAwsError(error, ...codes)) throw error;
  };
