import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { checkLoad, checkPlatforms, checkTags } from "../builder/checkNodes";
import { checkPrices, checkReport } from "../insights/check";
import { normalReference } from "../registry/reference";
import { defaultPlatforms } from "../support/platforms";
import { asLocation, checkImageArguments } from "./arguments/given";
import { checkCaches } from "./caches/checkCaches";
import { checkExports } from "./checkExports";
import { checkProvenance } from "./checkProvenance";
import { checkContexts } from "./context/checkContext";
import type { MultiPlatformImageArgs } from "./arguments/imageArguments";
import { checkRepository } from "./repository/ecr";

/**
 * The arguments with every default filled in.
 * @throws BuildError that names the argument.
 */
export function normaliseImage(name: string, args: MultiPlatformImageArgs) {
  const owner = `MultiPlatformImage ${name}`;
  checkImageArguments(owner, args);
  const {
    builder,
    context,
    dockerfile,
    platforms: given = defaultPlatforms,
    push = true,
    retainOnDelete = true,
    ...others
  } = args;
  const {
    repository,
    checkBaseImages = true,
    provenance: mode,
    stageContext = true,
    adopt = true,
    ...further
  } = others;
  const { report, prices = {}, ...rest } = further;
  const platforms = checkPlatforms(owner, given);
  checkLoad(owner, rest.load === true, platforms);
  checkExports(owner, { ...rest, push });
  checkCaches(owner, rest.cacheTo, platforms);
  checkRepository(owner, repository);
  checkReport(owner, report);
  checkPrices(owner, prices);
  const provenance = mode || undefined;
  checkProvenance(owner, { ...args, provenance, push });
  if (!repository || rest.tags !== undefined) {
    checkPlainTags(owner, rest.tags, push);
  }
  const files = { context: asLocation(context), dockerfile: asLocation(dockerfile) };
  checkContexts(owner, files.context, files.dockerfile);
  const imageArgs: dockerBuild.ImageArgs = {
    buildOnPreview: false,
    ...rest,
    ...files,
    // docker-build's type knows no variants (linux/arm/v7); the provider does.
    platforms: [...given] as dockerBuild.ImageArgs["platforms"],
    push,
    ...(rest.tags && { tags: fullTags(rest.tags) }),
  };
  const own = { repository, retainOnDelete, checkBaseImages, provenance, stageContext, adopt, report, prices };
  return { platforms, imageArgs, builder, ...own };
}

/**
 * Tags with the registry in them: `docker.io/acme/app:1` for `acme/app:1`. docker-build's refresh takes Docker Hub's short
 * form for no tag and drops all tags after it from the state, and the next update would build again.
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/image.go (`Read`)
 */
function fullTags(tags: NonNullable<dockerBuild.ImageArgs["tags"]>): dockerBuild.ImageArgs["tags"] {
  const full = (tag: string) => (typeof tag === "string" ? (normalReference(tag) ?? tag) : tag);
  return Array.isArray(tags)
    ? tags.map((tag) => (typeof tag === "string" ? full(tag) : pulumi.output(tag).apply(full)))
    : pulumi.output(tags).apply((given) => (given ?? []).map(full));
}

function checkPlainTags(owner: string, tags: dockerBuild.ImageArgs["tags"], push: dockerBuild.ImageArgs["push"]): void {
  if (tags === undefined || Array.isArray(tags)) {
    const plain = (tags ?? []).map((tag) => (typeof tag === "string" ? tag : undefined));
    checkTags(owner, plain, push === true);
  }
}
