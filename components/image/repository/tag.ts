import * as crypto from "node:crypto";

import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { BuildError } from "../../support/errors";
import { mockedDigest, orMocked } from "../../pulumi/mocks";
import { PlainResourceError } from "../../pulumi/resourceError";
import { hashContext } from "../../context/hash";
import { canonicalJson } from "../../support/records";
import { withoutSecrets } from "./withoutSecrets";

/** What is hashed: the arguments of docker-build's image, as it gets them. */
export type HashedArgs = Omit<dockerBuild.ImageArgs, "tags">;

/** The arguments with known values. */
type KnownArgs = pulumi.Unwrap<HashedArgs>;

/** What an image's content comes from, in two parts: one that all may know, and one that is a secret. */
export interface Fingerprint {
  /** Of the context's files and of every argument that docker-build compares, without values that are secrets. */
  hash: string;
  /** The same with those values. From a hash of it, a PIN could be guessed. */
  withSecrets: string;
}

const hashCharacters = 16;
const generationCharacters = 8;
const partlyCompared = ["registries", "secrets", "ignoreSecretsInDiffCalculation"];

/**
 * A tag of its own for each content of an image, which stays as it is while docker-build sees no change:
 * `HASH-GENERATION`, where HASH stands for all that the image is made of.
 *
 * A hash alone would be pushed twice: a commit that is taken back has the hash that it had before, and so has a stack that
 * was destroyed and comes again, but a node that has lost its cache builds other bytes from the same files, which a
 * repository with immutable tags refuses. So the generation is new each time that the hash changes. What remembers it is
 * a resource of Pulumi's own, which needs no plugin: its id is random, and it is replaced when its input changes.
 *
 * @see https://www.pulumi.com/docs/iac/concepts/resources/#stash
 */
export function contentTag(
  component: pulumi.Resource,
  name: string,
  args: HashedArgs,
): { tag: pulumi.Output<string>; generation: pulumi.Resource } {
  const fingerprint = pulumi
    .all([pulumi.output(args), withoutSecrets(args)])
    .apply(([known, open]) => fingerprintOf(component, known as KnownArgs, open as KnownArgs));
  const generation = new pulumi.Stash(
    `${name}-tag`,
    { input: pulumi.secret(fingerprint.apply(({ withSecrets }) => withSecrets)) },
    { parent: component, replaceOnChanges: ["input"] },
  );
  const tag = pulumi
    .all([pulumi.unsecret(fingerprint), orMocked(generation.id, mockedDigest(name))])
    .apply(([{ hash }, id]) => `${hash.slice(0, hashCharacters)}-${id.slice(0, generationCharacters)}`);
  return { tag, generation };
}

async function fingerprintOf(component: pulumi.Resource, args: KnownArgs, open: KnownArgs): Promise<Fingerprint> {
  try {
    return await hashImage(args, open);
  } catch (error) {
    const message =
      error instanceof BuildError ? error.message : `the context can't be read: ${(error as Error).message}`;
    throw new PlainResourceError(`\`repository\` needs a hash of the build context for its tag: ${message}`, component);
  }
}

/**
 * Everything that makes docker-build build again is in the hash, also what leaves the image as it is (`cacheFrom`): a
 * build that is repeated may give other bytes, and needs a tag of its own for them. Not in it, because docker-build does
 * not compare them: passwords of `registries`, and the secrets that `ignoreSecretsInDiffCalculation` names.
 *
 * @param open the same arguments without values that are secrets of Pulumi's.
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/image.go
 */
export async function hashImage(args: KnownArgs, open: KnownArgs = args): Promise<Fingerprint> {
  const { secrets = {}, ignoreSecretsInDiffCalculation = [], ...compared } = args;
  const { location = ".", named = {} } = compared.context ?? {};
  const files = await hashContext({
    context: location,
    dockerfile: dockerfileOf(location, compared.dockerfile),
    named: Object.fromEntries(Object.entries(named).map(([name, each]) => [name, each.location])),
  });
  const names = Object.keys(secrets).sort();
  // docker-build builds in each update with it, whatever has changed.
  const pulledAt = compared.pull === true ? Date.now() : undefined;
  const hash = sha256(files, canonicalJson({ ...withoutValues(open), secrets: names, pulledAt }));
  const known = Object.entries(secrets).filter(([name]) => !ignoreSecretsInDiffCalculation.includes(name));
  const hidden = { secrets: Object.fromEntries(known), args: withoutValues(args) };
  return { hash, withSecrets: sha256(hash, canonicalJson(hidden)) };
}

/** What has values that docker-build does not compare, without them. */
function withoutValues(args: KnownArgs): object {
  const others = Object.entries(args).filter(([key]) => !partlyCompared.includes(key));
  const logins = Array.isArray(args.registries) ? args.registries : undefined;
  return {
    ...Object.fromEntries(others),
    registries: logins?.map(({ address, username }) => ({ address, username })),
  };
}

/** docker-build's default: a file in a context that is a folder. What is no file is not read. */
function dockerfileOf(
  context: string,
  dockerfile: { location?: string; inline?: string } | undefined,
): string | undefined {
  return dockerfile?.location || (dockerfile?.inline ? undefined : `${context}/Dockerfile`);
}

function sha256(...parts: string[]): string {
  return crypto.createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
