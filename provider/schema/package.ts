import { readFileSync } from "node:fs";
import * as path from "node:path";

import { ArgumentTypes } from "./program";
import { type ArgumentFacts, packageName, type PackageSpec, type PropertySpec, type ResourceSpec, token } from "./spec";
import { SchemaTypes } from "./types";

const { version, description, license, keywords } = JSON.parse(
  readFileSync(path.join(__dirname, "../../package.json"), "utf8"),
) as Pick<PackageSpec, "version" | "description" | "license" | "keywords">;

/**
 * What programs import. Named here, as Python's package is below, because from a Git repository Pulumi would call both by its owner:
 * https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/cmd/pulumi/packageworkspace/packageworkspace.go
 */
const goModule = "example.com/pulumi-multi-platform-image/sdk/go";

const digest =
  "of the pushed index, `sha256:…`, checked to hold every platform. With one platform it is the manifest's";

/** Outputs of an image: TypeScript has them as members of a class. */
const imageOutputs: Record<string, PropertySpec> = {
  indexDigest: { type: "string", description: `The digest ${digest}.` },
  ref: {
    type: "string",
    description: "The first tag with the digest: `ghcr.io/acme/api:1.0@sha256:…`. What ECS and EKS should run.",
  },
  repoDigest: {
    type: "string",
    description:
      "The repository with that digest, `ghcr.io/acme/api@sha256:…`, whatever the tag is. Nothing when nothing is pushed.",
  },
  repositoryUrl: { type: "string", description: "The first tag without its tag: `ghcr.io/acme/api`, for Helm charts." },
  tag: { type: "string", description: "The first tag's own part: `1.0`, for Helm charts." },
  platformDigests: {
    type: "object",
    additionalProperties: { type: "string" },
    description:
      "The digest of each platform's manifest. Nothing when nothing is pushed, or the registry can't be asked.",
  },
  platformRefs: {
    type: "object",
    additionalProperties: { type: "string" },
    description:
      "Each platform's manifest by its digest, `ghcr.io/acme/api@sha256:…`, for AWS Lambda. Nothing where `platformDigests` is nothing.",
  },
};

/** Arguments that are others than TypeScript's: what is a union there, or has a class as its type. */
const imageInputs: Record<string, PropertySpec> = {
  builder: {
    $ref: `#/resources/${token("Builder")}`,
    description:
      "Where the image is built.\n\nDefault: the stack's default builder, with one EC2 node for linux/arm64 and one for linux/amd64: made " +
      "once for each aws provider, and shared by all images that name no builder.",
  },
  builderName: {
    type: "string",
    description:
      "The name of a builder that buildx knows already, in place of `builder`. Equivalent to buildx's `--builder`.",
  },
  context: {
    type: "string",
    description:
      "The build context: a path relative to the Pulumi project, or an URL. Equivalent to buildx's positional argument.\n\n" +
      "Default: the project's folder.",
  },
  namedContexts: {
    type: "object",
    additionalProperties: { type: "string" },
    description: "Further contexts by name: paths, URLs, `docker-image://…`. Equivalent to buildx's `--build-context`.",
  },
};

const builderConnection: PropertySpec = {
  type: "string",
  secret: true,
  description:
    "All that other stacks need to build on these nodes, as JSON: the argument `connection` of a Builder there. A secret: it holds the " +
    "private key of a client. Nothing where a node is `local`.",
};

/**
 * Given in another form, or not there in other languages: a price is no whole number, and files of a report are the machine's
 * whose plugin runs.
 */
const left = ["builder", "context", "prices", "report"];

/** The package's schema, and what of the arguments' types it can't say. */
export function makeSchema(): { schema: PackageSpec; facts: ArgumentFacts } {
  const source = new ArgumentTypes();
  const types = new SchemaTypes(source);
  const image = types.properties("MultiPlatformImage", source.typeOf("MultiPlatformImageArgs"), left);
  const builder = types.properties("Builder", source.typeOf("BuilderArgs"));
  const nodes = types.properties("BuilderOutputs", source.typeOf("BuildNode"));
  delete types.facts.plain.BuilderOutputs;
  delete types.facts.plain.BuildNode;
  types.types[token("BuildNode")] = {
    type: "object",
    description: "A node of a Builder, as its output shows it.",
    ...nodes,
  };
  const { plain } = types.facts;
  plain.MultiPlatformImage = [...plain.MultiPlatformImage, "builder"].sort();
  const resources: Record<string, ResourceSpec> = {
    [token("Builder")]: {
      isComponent: true,
      type: "object",
      description:
        "One buildx builder of several nodes, each building its own platform natively. Nodes wake in a hook of an image that must be " +
        "built: an update without a change calls none.",
      properties: {
        builderName: { type: "string", description: "The name under which buildx knows this builder." },
        nodes: {
          type: "array",
          items: { $ref: `#/types/${token("BuildNode")}` },
          description: "The nodes, in their order.",
        },
        connection: builderConnection,
      },
      required: ["builderName", "nodes"],
      inputProperties: {
        ...builder.properties,
        connection: {
          ...builderConnection,
          description:
            "The output `connection` of another stack's Builder, whose nodes this one has then. In place of all other arguments.",
        },
      },
    },
    [token("MultiPlatformImage")]: {
      isComponent: true,
      type: "object",
      description:
        "An image for several platforms, each built natively on its own node of one builder, pushed as one index.",
      properties: imageOutputs,
      required: ["indexDigest"],
      inputProperties: sorted({ ...image.properties, ...imageInputs }),
      ...(image.required && { requiredInputs: image.required }),
    },
  };
  const schema: PackageSpec = {
    name: packageName,
    displayName: "Multi-platform image",
    version,
    description,
    license,
    keywords,
    language: {
      python: { packageName: "pulumi_multi_platform_image", pyproject: { enabled: true }, respectSchemaVersion: true },
      csharp: { respectSchemaVersion: true },
      go: { modulePath: goModule, importBasePath: `${goModule}/multiplatformimage`, respectSchemaVersion: true },
    },
    types: sorted(types.types),
    resources,
  };
  return { schema, facts: { plain: sorted(types.facts.plain), unions: types.facts.unions } };
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}
