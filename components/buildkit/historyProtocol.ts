import { contentDescriptor } from "./content";

const string = (id: number) => ({ type: "string", id });
const strings = (id: number) => ({ keyType: "string", type: "string", id });

/**
 * What we use of BuildKit's record of a build, and of containerd's content service, by which the record's blobs are read:
 * as protobuf.js descriptors, like {@link controlDescriptor}.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/api/services/control/control.proto
 */
export const historyDescriptor = {
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
          },
        },
        BuildHistoryRequest: { fields: { EarlyExit: { type: "bool", id: 3 } } },
        BuildHistoryEvent: { fields: { record: { type: "BuildHistoryRecord", id: 2 } } },
        BuildHistoryRecord: {
          fields: {
            Exporters: { rule: "repeated", type: "Exporter", id: 4 },
            CompletedAt: { type: "Timestamp", id: 7 },
            Result: { type: "BuildResultInfo", id: 10 },
            Results: { keyType: "string", type: "BuildResultInfo", id: 11 },
          },
        },
        Exporter: { fields: { Attrs: strings(2) } },
        BuildResultInfo: {
          fields: {
            Attestations: { rule: "repeated", type: "Descriptor", id: 2 },
            Results: { keyType: "int64", type: "Descriptor", id: 3 },
          },
        },
        Descriptor: { fields: { media_type: string(1), digest: string(2), annotations: strings(5) } },
        Timestamp: { fields: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } } },
      },
    },
    ...contentDescriptor,
  },
};
