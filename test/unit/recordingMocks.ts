import type * as pulumi from "@pulumi/pulumi";

/** A resource that a program has declared. */
export interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** Mocks that note what is declared. Each image of docker-build has a digest and a ref. */
export function recordingMocks(recorded: Recorded[]): pulumi.runtime.Mocks {
  return {
    newResource: ({ type, name, inputs }) => {
      recorded.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: name, state: { ...(inputs as object), digest: "sha256:abc", ref: "built" } };
    },
    call: () => ({}),
  };
}
