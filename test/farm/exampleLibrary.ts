/**
 * What an example's program finds under the library's name in the tests' account: the library, on x86 nodes alone, which
 * boot in seconds, and with what an account without the internet has in place of BuildKit's release and of base images.
 */
import * as fs from "node:fs";

import type * as pulumi from "@pulumi/pulumi";

import * as library from "../../components";
import type { Ec2Args } from "../../components/nodes/ec2/arguments";
import type { Platform } from "../../components/support/platforms";

export * from "../../components";

/** In `account.json` of the project's folder, or where EXAMPLE_ACCOUNT says. */
export interface ExampleAccount {
  ec2: Ec2Args;
  /** By the name that a Dockerfile has after `FROM`. */
  baseImages: Record<string, { location: string }>;
  /** What images are for; all but linux/amd64 as further platforms of its node. */
  platforms: Platform[];
}

const platform = "linux/amd64";

export class Builder extends library.Builder {
  constructor(name: string, args: library.BuilderArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const additionalPlatforms = account().platforms.filter((each) => each !== platform);
    const given = args.nodes ?? [
      { kind: "ec2", platform, ...(additionalPlatforms.length > 0 && { additionalPlatforms }) },
    ];
    const nodes = given.filter((node) => node.platform === platform);
    super(name, { ...args, nodes, ec2: { ...args.ec2, ...account().ec2 } }, opts);
  }
}

let defaultBuilder: Builder | undefined;

export class MultiPlatformImage extends library.MultiPlatformImage {
  constructor(
    name: string,
    args: library.MultiPlatformImageArgs & { context: string },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const context = { location: args.context, named: account().baseImages };
    // The library's own would have nodes that don't boot here.
    const builder = args.builder ?? (defaultBuilder ??= new Builder("default-builder"));
    super(name, { ...args, builder, context, platforms: account().platforms }, opts);
  }
}

function account(): ExampleAccount {
  return JSON.parse(fs.readFileSync(process.env.EXAMPLE_ACCOUNT ?? "account.json", "utf8")) as ExampleAccount;
}
