import * as pulumi from "@pulumi/pulumi";
import { Builder, type BuilderConnection } from "pulumi-multi-platform-image";

import { withKnown } from "./known";
import { builderType, schema } from "./package";
import { settling } from "./settling";

/** The builders that this process has made, by their URNs: other languages name them by those. */
const made = new Map<string, Builder>();

/** What stands for a builder that another process has made. */
class ForeignBuilder extends pulumi.ComponentResource {
  constructor(name: string, urn: string) {
    super(builderType, name, {}, { urn });
  }
}

/** Makes that a program's reference to a builder arrives as that builder. */
export function findBuilders(): void {
  pulumi.runtime.registerResourceModule("multi-platform-image", "index", {
    version: schema.version,
    construct: (name: string, type: string, urn: string): pulumi.Resource => {
      if (type !== builderType) {
        throw new Error(`no argument is a ${type}`);
      }
      return made.get(urn) ?? new ForeignBuilder(name, urn);
    },
  });
}

/**
 * The builder that an argument means.
 * @throws pulumi.InputPropertyError for one of another process, or something else.
 */
export function builderOf(owner: string, value: unknown): Builder | undefined {
  if (value === undefined || value instanceof Builder) {
    return value;
  }
  const reason =
    value instanceof ForeignBuilder
      ? "was made by another process of this provider: give image and builder the same `provider` option, or give the image a builder of its " +
        "own with the output `connection` of that one"
      : "is no Builder of this package; for a builder that buildx knows already there is `builderName`";
  throw new pulumi.InputPropertyError({ propertyPath: "builder", reason: `${owner}: \`builder\` ${reason}` });
}

export async function constructBuilder(
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
): Promise<pulumi.provider.ConstructResult> {
  const owner = `Builder ${name}`;
  const { connection, ...args } = await withKnown(owner, "Builder", inputs);
  const builder =
    connection === undefined ? new Builder(name, args, options) : shared(owner, name, connection, args, options);
  made.set(await settling(builder.urn).promise(), builder);
  const { builderName, nodes } = builder;
  return { urn: builder.urn, state: { builderName, nodes, ...connectionOf(builder) } };
}

function shared(
  owner: string,
  name: string,
  connection: unknown,
  others: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
): Builder {
  const [other] = Object.keys(others).filter((each) => others[each] !== undefined);
  if (other) {
    const reason = "is set beside `connection`, whose nodes have all that; leave one of them out";
    throw new pulumi.InputPropertyError({ propertyPath: other, reason: `${owner}: \`${other}\` ${reason}` });
  }
  const parsed = pulumi.output(connection as pulumi.Input<string>).apply(parse);
  return Builder.fromConnection(name, parsed, options);
}

/** What is no JSON is told by the component, in its words. */
function parse(text: string): BuilderConnection {
  try {
    return JSON.parse(text) as BuilderConnection;
  } catch {
    return text as unknown as BuilderConnection;
  }
}

/** Nothing where the nodes can't be shared: in TypeScript that is an error for those who ask. */
function connectionOf(builder: Builder): { connection?: pulumi.Output<string> } {
  try {
    return { connection: pulumi.secret(builder.connection.apply((value) => JSON.stringify(value))) };
  } catch {
    return {};
  }
}
