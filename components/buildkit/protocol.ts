/**
 * What we use of BuildKit's control API, as a protobuf.js descriptor: fields that are left out are skipped by the
 * decoder. A descriptor in code, not a .proto file, because it needs no path at run time.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/api/services/control/control.proto
 */
export const controlDescriptor = {
  nested: {
    // https://github.com/moby/buildkit/blob/v0.33.1/solver/pb/ops.proto
    pb: {
      nested: {
        Definition: {
          fields: {
            def: { rule: "repeated", type: "bytes", id: 1 },
            metadata: { keyType: "string", type: "OpMetadata", id: 2 },
          },
        },
        OpMetadata: { fields: { ignore_cache: { type: "bool", id: 1 } } },
        Op: {
          fields: {
            inputs: { rule: "repeated", type: "Input", id: 1 },
            file: { type: "FileOp", id: 4 },
          },
        },
        Input: { fields: { digest: { type: "string", id: 1 }, index: { type: "int64", id: 2 } } },
        FileOp: { fields: { actions: { rule: "repeated", type: "FileAction", id: 2 } } },
        FileAction: {
          fields: {
            input: { type: "int64", id: 1 },
            secondaryInput: { type: "int64", id: 2 },
            output: { type: "int64", id: 3 },
            mkfile: { type: "FileActionMkFile", id: 5 },
          },
        },
        FileActionMkFile: {
          fields: {
            path: { type: "string", id: 1 },
            mode: { type: "int32", id: 2 },
            data: { type: "bytes", id: 3 },
          },
        },
      },
    },
    moby: {
      nested: {
        buildkit: {
          nested: {
            v1: {
              nested: {
                Control: {
                  methods: {
                    Solve: { requestType: "SolveRequest", responseType: "SolveResponse" },
                    ListWorkers: { requestType: "ListWorkersRequest", responseType: "ListWorkersResponse" },
                    ListenBuildHistory: {
                      requestType: "BuildHistoryRequest",
                      responseType: "BuildHistoryEvent",
                      responseStream: true,
                    },
                    DiskUsage: { requestType: "DiskUsageRequest", responseType: "DiskUsageResponse" },
                    Prune: { requestType: "PruneRequest", responseType: "UsageRecord", responseStream: true },
                    Status: { requestType: "StatusRequest", responseType: "StatusResponse", responseStream: true },
                  },
                },
                SolveRequest: {
                  fields: {
                    Ref: { type: "string", id: 1 },
                    Definition: { type: "pb.Definition", id: 2 },
                    Internal: { type: "bool", id: 11 },
                  },
                },
                SolveResponse: { fields: {} },
                PruneRequest: {
                  fields: {
                    all: { type: "bool", id: 2 },
                    maxUsedSpace: { type: "int64", id: 5 },
                    minFreeSpace: { type: "int64", id: 6 },
                  },
                },
                DiskUsageRequest: { fields: { filter: { rule: "repeated", type: "string", id: 1 } } },
                DiskUsageResponse: { fields: { record: { rule: "repeated", type: "UsageRecord", id: 1 } } },
                UsageRecord: {
                  fields: { Size: { type: "int64", id: 4 }, Description: { type: "string", id: 9 } },
                },
                StatusRequest: { fields: { Ref: { type: "string", id: 1 } } },
                StatusResponse: {
                  fields: {
                    vertexes: { rule: "repeated", type: "Vertex", id: 1 },
                    statuses: { rule: "repeated", type: "VertexStatus", id: 2 },
                    logs: { rule: "repeated", type: "VertexLog", id: 3 },
                  },
                },
                Vertex: {
                  fields: {
                    digest: { type: "string", id: 1 },
                    inputs: { rule: "repeated", type: "string", id: 2 },
                    name: { type: "string", id: 3 },
                    started: { type: "Timestamp", id: 5 },
                    completed: { type: "Timestamp", id: 6 },
                  },
                },
                VertexStatus: {
                  fields: {
                    ID: { type: "string", id: 1 },
                    vertex: { type: "string", id: 2 },
                    name: { type: "string", id: 3 },
                    current: { type: "int64", id: 4 },
                    completed: { type: "Timestamp", id: 8 },
                  },
                },
                VertexLog: { fields: { msg: { type: "bytes", id: 4 } } },
                ListWorkersRequest: { fields: { filter: { rule: "repeated", type: "string", id: 1 } } },
                ListWorkersResponse: { fields: { record: { rule: "repeated", type: "WorkerRecord", id: 1 } } },
                WorkerRecord: {
                  fields: {
                    ID: { type: "string", id: 1 },
                    platforms: { rule: "repeated", type: "Platform", id: 3 },
                    BuildkitVersion: { type: "BuildkitVersion", id: 5 },
                  },
                },
                BuildkitVersion: { fields: { version: { type: "string", id: 2 } } },
                Platform: {
                  fields: {
                    Architecture: { type: "string", id: 1 },
                    OS: { type: "string", id: 2 },
                    Variant: { type: "string", id: 3 },
                  },
                },
                BuildHistoryRequest: {
                  fields: {
                    ActiveOnly: { type: "bool", id: 1 },
                    Ref: { type: "string", id: 2 },
                    EarlyExit: { type: "bool", id: 3 },
                  },
                },
                BuildHistoryEvent: {
                  fields: { type: { type: "int32", id: 1 }, record: { type: "BuildHistoryRecord", id: 2 } },
                },
                BuildHistoryRecord: {
                  fields: {
                    Ref: { type: "string", id: 1 },
                    FrontendAttrs: { keyType: "string", type: "string", id: 3 },
                    error: { type: "Status", id: 5 },
                    CompletedAt: { type: "Timestamp", id: 7 },
                  },
                },
                // google.rpc.Status and google.protobuf.Timestamp
                Status: { fields: { message: { type: "string", id: 2 } } },
                Timestamp: { fields: { seconds: { type: "int64", id: 1 } } },
              },
            },
          },
        },
      },
    },
  },
};

/** One for all that speak to a daemon's control service: a client is made of it once. */
export const controlApi = { descriptor: controlDescriptor, services: ["moby.buildkit.v1.Control"] };
