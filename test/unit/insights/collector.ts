import * as assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import type { OtlpTrace } from "../../../components/insights/openTelemetry/otlp";

interface MessageType {
  verify(message: object): string | null;
  fromObject(message: object): object;
  toObject(message: object, options: object): object;
}

/** OpenTelemetry's own messages, as its package for JavaScript has them compiled: it exports them to nobody. */
function requestType(): MessageType {
  const folder = path.dirname(require.resolve("@opentelemetry/otlp-transformer/package.json"));
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { opentelemetry } = require(path.join(folder, "build/src/generated/root")) as {
    opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: MessageType } } } } };
  };
  return opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
}

/**
 * Whether a trace is a request of OTLP in JSON, as strict as its definition: every field is one of the messages', of its type,
 * and ids are hexadecimal where protobuf's JSON would have base64.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function assertIsOtlp(trace: OtlpTrace): void {
  const lengths: Record<string, number> = { traceId: 32, spanId: 16, parentSpanId: 16 };
  const asProtobuf = JSON.parse(JSON.stringify(trace), (key, value: unknown) => {
    if (!(key in lengths)) {
      return value;
    }
    assert.match(value as string, new RegExp(`^(?!0+$)[0-9a-f]{${lengths[key]}}$`), key);
    return Buffer.from(value as string, "hex").toString("base64");
  }) as object;
  const type = requestType();
  const message = type.fromObject(asProtobuf);
  assert.equal(type.verify(message), null);
  assert.deepEqual(type.toObject(message, { longs: String, bytes: String, enums: Number }), asProtobuf);
}

export interface Collector {
  url: string;
  received: { path: string; headers: http.IncomingHttpHeaders; trace: OtlpTrace }[];
  close: () => void;
}

/** A collector that takes nothing but OTLP in JSON, and keeps what it took. */
export async function startCollector(): Promise<Collector> {
  const received: Collector["received"] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      try {
        assert.equal(request.method, "POST");
        assert.equal(request.headers["content-type"], "application/json");
        const trace = JSON.parse(Buffer.concat(parts).toString()) as OtlpTrace;
        assertIsOtlp(trace);
        received.push({ path: request.url ?? "", headers: request.headers, trace });
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      } catch (error) {
        response.writeHead(400).end((error as Error).message);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
