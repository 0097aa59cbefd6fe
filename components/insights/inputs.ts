import * as path from "node:path";

import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { readText } from "../context/files";
import { imageName } from "../arguments/imageName";
import { resolved } from "../pulumi/resolved";
import { isRemoteLocation } from "../context/remoteLocation";
import { withoutLogins } from "../support/withoutLogins";
import { readInstructions } from "./instructions";
import { salted } from "./kept";
import type { RememberedInputs } from "./lastBuild";
import { type Mask, maskOf } from "./masking";
import type { BuildIdentity } from "./refs";

/** What of an image's arguments a report is made with. */
export interface ReportInputs {
  identity: Omit<BuildIdentity, "platforms">;
  remembered: RememberedInputs;
  mask: Mask;
  /** All that the mask hides. */
  hidden: readonly string[];
  noCache: boolean;
}

/** The arguments of docker-build's image, as its hooks get them. */
export async function reportInputs(
  inputs: dockerBuild.ImageArgs,
  salt: string,
  /** Passwords of its provider. */
  passwords: readonly string[],
): Promise<ReportInputs> {
  const { context, dockerfile, buildArgs, target, tags, exports, secrets, registries } = inputs;
  const { addHosts, network, noCache } = inputs;
  const given = { context, dockerfile, buildArgs, target, tags, exports, secrets, registries };
  const known = await resolved(pulumi.output({ ...given, addHosts, network, noCache }));
  const location = known.context?.location || ".";
  const named = Object.entries(known.context?.named ?? {}).map(([name, each]) => [name, each.location] as const);
  const args = known.buildArgs ?? {};
  const file = known.dockerfile?.inline ? undefined : known.dockerfile?.location || path.join(location, "Dockerfile");
  const text = known.dockerfile?.inline || textOf(file, location);
  const name = imageName(known.tags, known.exports);
  const secretValues = [
    ...Object.values(known.secrets ?? {}),
    ...(known.registries ?? []).flatMap(({ password }) => password ?? []),
    ...passwords,
  ];
  const values = (record: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, salted(salt, value)]])),
    );
  return {
    identity: {
      context: location,
      ...(file !== undefined && !isRemoteLocation(file) && !isRemoteLocation(location) && { dockerfile: file }),
      ...(known.target && { target: known.target }),
      buildArgs: args,
      tags: [...(known.tags ?? []), ...(name ? [name] : [])],
    },
    remembered: {
      ...(text !== undefined && { stages: await readInstructions(text) }),
      buildArgs: values(args),
      others: values({ addHosts: known.addHosts, network: known.network }),
      contexts: withoutLogins(Object.fromEntries([["", location], ...named])) as Record<string, string>,
    },
    mask: maskOf(args, secretValues),
    hidden: [...secretValues, ...Object.values(args)],
    noCache: known.noCache === true,
  };
}

function textOf(file: string | undefined, context: string): string | undefined {
  if (file === undefined || isRemoteLocation(file) || (isRemoteLocation(context) && !path.isAbsolute(file))) {
    return undefined;
  }
  try {
    return readText(file);
  } catch {
    return undefined;
  }
}
