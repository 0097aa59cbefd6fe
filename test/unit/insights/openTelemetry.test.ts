import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { type OtlpTrace, traceOf } from "../../../components/insights/openTelemetry/otlp";
import { sendTrace } from "../../../components/insights/openTelemetry/send";
import { spansOf } from "../../../components/insights/openTelemetry/spans";
import { traceContextOf } from "../../../components/insights/openTelemetry/traceContext";
import { RunReports } from "../../../components/insights/runReports";
import { reportOf } from "./insightReports";
import { assertIsOtlp, startCollector } from "./collector";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = "00f067aa0ba902b7";

describe("insights: OpenTelemetry", () => {
  const environment = { TRACEPARENT: `00-${traceId}-${parent}-01`, TRACESTATE: "vendor=1" };

  it("a build is one trace below TRACEPARENT, in which every span is within its parent", () => {
    const report = { ...reportOf({ steps: 6 }), error: "step failed", result: "failed" as const };
    const spans = spansOf(report, traceContextOf(environment));
    assertIsOtlp(traceOf(spans, { OTEL_SERVICE_NAME: "ci", OTEL_RESOURCE_ATTRIBUTES: "team=a%20b,service.name=no" }));
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    assert.equal(byId.size, spans.length);
    const [root, ...others] = spans;
    assert.deepEqual(
      [root.parentSpanId, root.name, root.status],
      [parent, "build api", { code: 2, message: "step failed" }],
    );
    for (const span of others) {
      const above = byId.get(span.parentSpanId ?? "")!;
      assert.equal(span.traceId, traceId);
      assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(above.startTimeUnixNano), span.name);
      assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(above.endTimeUnixNano), span.name);
    }
    assert.deepEqual(
      others.filter(({ parentSpanId }) => parentSpanId === root.spanId).map(({ name }) => name),
      ["linux/arm64 on arm64", "linux/amd64 on amd64"],
    );
    assert.equal(others.length, 2 * (1 + 1 + 6));
  });

  it("the resource is what OpenTelemetry's variables say", () => {
    const variables = { OTEL_SERVICE_NAME: "ci", OTEL_RESOURCE_ATTRIBUTES: "team=a%20b,abc12,service.name=no" };
    assert.deepEqual(traceOf([], variables).resourceSpans[0].resource.attributes, [
      { key: "service.name", value: { stringValue: "ci" } },
      { key: "team", value: { stringValue: "a b" } },
    ]);
  });

  for (const wrong of ["", "00-x-y-01", `00-${"0".repeat(32)}-${parent}-01`, `ff-${traceId}-${parent}-01`]) {
    it(`TRACEPARENT ${JSON.stringify(wrong)} is no parent: a trace of its own begins`, () => {
      const context = traceContextOf({ TRACEPARENT: wrong });
      assert.match(context.traceId, /^[0-9a-f]{32}$/);
      assert.deepEqual([context.parentSpanId, context.isSampled], [undefined, true]);
    });
  }

  it("a trace that its beginner does not keep is not sampled", () =>
    assert.equal(traceContextOf({ TRACEPARENT: `00-${traceId}-${parent}-00` }).isSampled, false));

  describe("sent", () => {
    const trace: OtlpTrace = traceOf(spansOf(reportOf({ steps: 2 }), traceContextOf({})), {});

    it("to /v1/traces of the endpoint, or as the traces' own endpoint says, with the headers", async () => {
      const collector = await startCollector();
      const OTEL_EXPORTER_OTLP_HEADERS = "authorization=Bearer%20abc, x-team=b,abc12";
      const common = { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`, OTEL_EXPORTER_OTLP_HEADERS };
      assert.equal(await sendTrace(trace, common), undefined);
      const own = { ...common, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own` };
      assert.equal(await sendTrace(trace, own), undefined);
      collector.close();
      assert.deepEqual(
        collector.received.map(({ path, headers }) => [path, headers.authorization, headers["x-team"]]),
        [
          ["/v1/traces", "Bearer abc", "b"],
          ["/own", "Bearer abc", "b"],
        ],
      );
      assert.deepEqual(collector.received[0].trace, trace);
    });

    it("not through a proxy without TLS, where there is any header: each may be a key", async () => {
      const asked: string[] = [];
      const proxy = http.createServer((request, response) => {
        asked.push(request.url ?? "");
        response.end("{}");
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const common = { HTTP_PROXY, OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example:4318" };
      for (const OTEL_EXPORTER_OTLP_HEADERS of ["authorization=Bearer%20abc", "api-key=abc"]) {
        const problem = await sendTrace(trace, { ...common, OTEL_EXPORTER_OTLP_HEADERS });
        assert.match(problem ?? "", /login for collector\.example:4318, which has no TLS, is not sent through/);
      }
      assert.deepEqual(asked, []);
      assert.equal(await sendTrace(trace, common), undefined);
      assert.deepEqual(asked, ["http://collector.example:4318/v1/traces"]);
      proxy.close();
      proxy.closeAllConnections();
    });

    it("each span once, also where a second platform that fails makes the report again, and after the report's own bound", async () => {
      const collector = await startCollector();
      const run = new RunReports({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        TRACEPARENT: `00-${traceId}-${parent}-01`,
      });
      const report = reportOf({ steps: 2 });
      const files = { openTelemetry: true, directory: fs.mkdtempSync(path.join(os.tmpdir(), "mpi-otel-")) };
      const first = { ...report, platforms: report.platforms.slice(0, 1) };
      run.add("urn", { report: first, logs: new Map() }, files);
      assert.equal(collector.received.length, 0);
      await run.send("urn");
      run.add("urn", { report, logs: new Map() }, files);
      await run.send("urn");
      await run.send("urn");
      collector.close();
      fs.rmSync(files.directory, { recursive: true });
      const sent = collector.received.map(({ trace: one }) => one.resourceSpans[0].scopeSpans[0].spans);
      assert.deepEqual(
        sent.map(({ length }) => length),
        [1 + 4, 4],
      );
      assert.equal(new Set(sent.flat().map(({ spanId }) => spanId)).size, 9);
      assert.equal(sent[1][0].parentSpanId, sent[0][0].spanId);
    });

    it("nowhere without an endpoint, or where OpenTelemetry is off", async () => {
      const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
      for (const off of [{}, { ...nobody, OTEL_SDK_DISABLED: "true" }, { ...nobody, OTEL_TRACES_EXPORTER: "none" }]) {
        assert.equal(await sendTrace(trace, off), undefined);
      }
    });

    it("a collector that refuses, is not there, or speaks gRPC alone is told of in words", async () => {
      const answers = [
        [401, ""],
        [200, '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"full"}}'],
      ] as const;
      let at = 0;
      const server = http.createServer((_, response) => response.writeHead(answers[at][0]).end(answers[at++][1]));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `http://me:pass@127.0.0.1:${(server.address() as AddressInfo).port}`;
      const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: url };
      assert.match((await sendTrace(trace, endpoint)) ?? "", /^http:\/\/\*+127\.0\.0\.1:\d+\/v1\/traces answered 401$/);
      assert.match((await sendTrace(trace, endpoint)) ?? "", /refused 3 spans: full$/);
      server.close();
      server.closeAllConnections();
      assert.match((await sendTrace(trace, endpoint)) ?? "", /can't be reached/);
      assert.match((await sendTrace(trace, { OTEL_EXPORTER_OTLP_ENDPOINT: "nowhere" })) ?? "", /Invalid URL/);
      const grpc = { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
      assert.match((await sendTrace(trace, grpc)) ?? "", /Fix: name the collector's port for HTTP/);
    });
  });
});
