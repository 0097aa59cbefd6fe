const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });
const strings = (id: number) => ({ keyType: "string", type: "string", id });

/**
 * What a report takes from BuildKit's record of a build, and from the replay of its steps: as protobuf.js descriptors, in
 * which fields that are left out are skipped by the decoder.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/api/services/control/control.proto
 */
const recordDescriptor = {
  nested: {
    "moby.buildkit.v1": {
      nested: {
        Control: {
          methods: {
            ListWorkers: { requestType: "ListWorkersRequest", responseType: "ListWorkersResponse" },
            ListenBuildHistory: {
              requestType: "BuildHistoryRequest",
              responseType: "BuildHistoryEvent",
              responseStream: true,
            },
            Status: { requestType: "StatusRequest", responseType: "StatusResponse", responseStream: true },
          },
        },
        ListWorkersRequest: { fields: {} },
        ListWorkersResponse: { fields: { record: repeated("WorkerRecord", 1) } },
        WorkerRecord: { fields: { ID: field("string", 1) } },
        BuildHistoryRequest: { fields: { Ref: field("string", 2), EarlyExit: field("bool", 3) } },
        BuildHistoryEvent: { fields: { record: field("BuildHistoryRecord", 2) } },
        BuildHistoryRecord: {
          fields: {
            Ref: field("string", 1),
            FrontendAttrs: strings(3),
            Exporters: repeated("Exporter", 4),
            error: field("Status", 5),
            CreatedAt: field("Timestamp", 6),
            CompletedAt: field("Timestamp", 7),
          },
        },
        Exporter: { fields: { Type: field("string", 1), Attrs: strings(2) } },
        // google.rpc.Status and google.protobuf.Timestamp
        Status: { fields: { message: field("string", 2) } },
        Timestamp: { fields: { seconds: field("int64", 1), nanos: field("int32", 2) } },
        StatusRequest: { fields: { Ref: field("string", 1) } },
        StatusResponse: {
          fields: {
            vertexes: repeated("Vertex", 1),
            statuses: repeated("VertexStatus", 2),
            logs: repeated("VertexLog", 3),
            warnings: repeated("VertexWarning", 4),
          },
        },
        Vertex: {
          fields: {
            digest: field("string", 1),
            inputs: repeated("string", 2),
            name: field("string", 3),
            cached: field("bool", 4),
            started: field("Timestamp", 5),
            completed: field("Timestamp", 6),
            error: field("string", 7),
          },
        },
        VertexStatus: {
          fields: {
            ID: field("string", 1),
            vertex: field("string", 2),
            current: field("int64", 4),
            started: field("Timestamp", 7),
            completed: field("Timestamp", 8),
          },
        },
        VertexLog: { fields: { vertex: field("string", 1), msg: field("bytes", 4) } },
        VertexWarning: { fields: { short: field("bytes", 3), ranges: repeated("Range", 7) } },
        Range: { fields: { start: field("Position", 1) } },
        Position: { fields: { line: field("int32", 1) } },
      },
    },
  },
};

/** One for all that read records: a client is made of it once. */
export const recordApi = { descriptor: recordDescriptor, services: ["moby.buildkit.v1.Control"] };
