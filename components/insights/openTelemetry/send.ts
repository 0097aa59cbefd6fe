import { ask } from "../../registry/http";
import { withHiddenLogins } from "../../support/withoutLogins";
import { listed, type OtlpTrace } from "./otlp";

/** A collector is near; a build does not wait for one that is not. */
const mostMilliseconds = 2_000;

/**
 * Sends a trace to the collector that OpenTelemetry's variables name, if they name one. Never fails: what went wrong is
 * returned, in words.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export async function sendTrace(trace: OtlpTrace, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const of = (name: string) =>
    environment[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || environment[`OTEL_EXPORTER_OTLP_${name}`];
  const endpoint = endpointOf(environment);
  if (
    endpoint === undefined ||
    environment.OTEL_SDK_DISABLED?.toLowerCase() === "true" ||
    environment.OTEL_TRACES_EXPORTER === "none"
  ) {
    return undefined;
  }
  const shown = withHiddenLogins(endpoint);
  if (of("PROTOCOL") === "grpc") {
    return `OTEL_EXPORTER_OTLP_PROTOCOL is grpc, and ${shown} is asked by http/json alone. Fix: name the collector's port for HTTP (4318), and http/json`;
  }
  const headers = listed(of("HEADERS"));
  try {
    const answer = await ask(
      new URL(endpoint),
      {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        // Each collector has its own header for its key.
        hasLogin: Object.keys(headers).length > 0,
        bytes: Buffer.from(JSON.stringify(trace)),
        timeoutMilliseconds: mostMilliseconds,
      },
      environment,
    );
    return refusalOf(shown, answer);
  } catch (error) {
    return (error as Error).message;
  }
}

function endpointOf(environment: NodeJS.ProcessEnv): string | undefined {
  const common = environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  return (
    environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || (common ? `${common.replace(/\/+$/, "")}/v1/traces` : undefined)
  );
}

function refusalOf(endpoint: string, { status, bytes }: { status: number; bytes: Buffer }): string | undefined {
  if (status < 200 || status > 299) {
    return `${endpoint} answered ${status}`;
  }
  try {
    const { partialSuccess } = JSON.parse(bytes.toString()) as {
      partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string };
    };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return rejected > 0 ? `${endpoint} refused ${rejected} spans: ${partialSuccess?.errorMessage ?? ""}` : undefined;
  } catch {
    // Some answer without a body.
    return undefined;
  }
}
