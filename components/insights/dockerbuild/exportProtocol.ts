import { contentDescriptor, historyServices } from "../../buildkit/content";

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });
const map = (type: string, id: number, keyType = "string") => ({ keyType, type, id });

/**
 * All of BuildKit's record of a build, and containerd's content service, by which the record's blobs are read: as protobuf.js
 * descriptors. Fields have the names that they have in the JSON of a `.dockerbuild` file.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/api/services/control/control.proto
 */
const exportDescriptor = {
  nested: {
    "moby.buildkit.v1": {
      nested: {
        Control: {
          methods: {
            ListenBuildHistory: {
              requestType: "BuildHistoryRequest",
              responseType: "BuildHistoryEvent",
              responseStream: true,
            },
            UpdateBuildHistory: {
              requestType: "UpdateBuildHistoryRequest",
              responseType: "UpdateBuildHistoryResponse",
            },
          },
        },
        BuildHistoryRequest: { fields: { Ref: field("string", 2), EarlyExit: field("bool", 3) } },
        BuildHistoryEvent: { fields: { record: field("BuildHistoryRecord", 2) } },
        UpdateBuildHistoryRequest: { fields: { Ref: field("string", 1), Finalize: field("bool", 4) } },
        UpdateBuildHistoryResponse: { fields: {} },
        BuildHistoryRecord: {
          fields: {
            Ref: field("string", 1),
            Frontend: field("string", 2),
            FrontendAttrs: map("string", 3),
            Exporters: repeated("Exporter", 4),
            error: field("Status", 5),
            CreatedAt: field("Timestamp", 6),
            CompletedAt: field("Timestamp", 7),
            logs: field("Descriptor", 8),
            ExporterResponse: map("string", 9),
            Result: field("BuildResultInfo", 10),
            Results: map("BuildResultInfo", 11),
            Generation: field("int32", 12),
            trace: field("Descriptor", 13),
            pinned: field("bool", 14),
            numCachedSteps: field("int32", 15),
            numTotalSteps: field("int32", 16),
            numCompletedSteps: field("int32", 17),
            externalError: field("Descriptor", 18),
            numWarnings: field("int32", 19),
          },
        },
        Exporter: { fields: { Type: field("string", 1), Attrs: map("string", 2) } },
        BuildResultInfo: {
          fields: {
            ResultDeprecated: field("Descriptor", 1),
            Attestations: repeated("Descriptor", 2),
            // Keys of 64 bits, which protobuf.js has as eight characters; they count results.
            Results: map("Descriptor", 3, "int32"),
          },
        },
        Descriptor: {
          fields: {
            media_type: field("string", 1),
            digest: field("string", 2),
            size: field("int64", 3),
            annotations: map("string", 5),
          },
        },
        // google.rpc.Status, google.protobuf.Any and google.protobuf.Timestamp
        Status: { fields: { code: field("int32", 1), message: field("string", 2), details: repeated("Any", 3) } },
        Any: { fields: { type_url: field("string", 1), value: field("bytes", 2) } },
        Timestamp: { fields: { seconds: field("int64", 1), nanos: field("int32", 2) } },
      },
    },
    ...contentDescriptor,
  },
};

export const exportApi = {
  descriptor: exportDescriptor,
  services: historyServices,
};
