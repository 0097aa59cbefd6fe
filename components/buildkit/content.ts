import type * as grpc from "@grpc/grpc-js";

import type { Streaming } from "./connection";

/**
 * What we use of containerd's content service, by which the blobs of BuildKit's records are read: as a part of protobuf.js
 * descriptors.
 * @see https://github.com/containerd/containerd/blob/api/v1.10.0/api/services/content/v1/content.proto
 */
export const contentDescriptor = {
  "containerd.services.content.v1": {
    nested: {
      Content: {
        methods: {
          Read: { requestType: "ReadContentRequest", responseType: "ReadContentResponse", responseStream: true },
        },
      },
      ReadContentRequest: { fields: { digest: { type: "string", id: 1 } } },
      ReadContentResponse: { fields: { data: { type: "bytes", id: 2 } } },
    },
  },
};

/** The services of which records of builds, and their blobs, are read. */
export const historyServices = ["moby.buildkit.v1.Control", "containerd.services.content.v1.Content"];

export interface ContentClient extends grpc.Client {
  Read: Streaming<{ digest: string }, { data: Buffer }>;
}

export async function readBlob(client: ContentClient, digest: string, options: grpc.CallOptions): Promise<Buffer> {
  const parts = (await client.Read({ digest }, options).toArray()) as { data: Buffer }[];
  return Buffer.concat(parts.map(({ data }) => data));
}
