import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { argumentError } from "../../support/errors";
import { isMocked, lookedUp, mockedRepository, orMocked } from "../../pulumi/mocks";
import { asResourceError } from "../../pulumi/resourceError";
import { checkEcrName, ecrRegion } from "./ecrName";
import { contentTag } from "./tag";

type TokenModule = typeof import("@pulumi/aws/ecr/getAuthorizationToken");

/** An image's arguments, and what to replace for the image to be built and pushed again. */
export interface RepositoryArgs {
  imageArgs: dockerBuild.ImageArgs;
  /** What the tag comes from, where it is ours: the image itself would be pushed under a tag that is taken. */
  generation?: pulumi.Resource;
}

/** A repository in ECR: an `aws.ecr.Repository`, or what is known of one that another stack has made. */
export interface EcrRepository {
  /** `123456789012.dkr.ecr.us-east-1.amazonaws.com/api`, as `aws.ecr.Repository` and `aws.ecr.getRepository` have it. */
  repositoryUrl: pulumi.Input<string>;
  /**
   * The account that the registry belongs to: a token is asked for it.
   *
   * @default - the account of the aws provider
   */
  registryId?: pulumi.Input<string>;
}

/** What is no repository is most often one of another package, which has its URL elsewhere, or of another registry. */
export function checkRepository(owner: string, repository: EcrRepository | undefined): void {
  if (repository !== undefined && !(repository as Partial<EcrRepository> | null)?.repositoryUrl) {
    const remedy = "give an aws.ecr.Repository or { repositoryUrl }; of an awsx.ecr.Repository, give its `repository`";
    throw argumentError(owner, "repository.repositoryUrl", undefined, remedy);
  }
  if (typeof repository?.repositoryUrl === "string") {
    checkEcrName(owner, repository.repositoryUrl);
  }
}

// What every token is used with: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
const ecrUsername = "AWS";

/**
 * An image's arguments with what its repository supplies: a tag, unless `tags` are given, and a credential beside those
 * of `registries`.
 */
export function withRepository(
  component: pulumi.Resource,
  name: string,
  repository: EcrRepository,
  args: dockerBuild.ImageArgs,
): RepositoryArgs {
  const { tags, ...hashed } = args;
  const url = knownUrl(component, name, repository);
  const login = ecrLogin(component, url, repository.registryId);
  const registries = pulumi.output(args.registries).apply((given) => [...(given ?? []), login]);
  if (tags !== undefined) {
    return { imageArgs: { ...args, registries } };
  }
  const { tag, generation } = contentTag(component, name, hashed);
  const own = [pulumi.interpolate`${url}:${tag}`];
  return { imageArgs: { ...args, registries, tags: own }, generation };
}

/** The URL, once it is known to be of ECR. What mocks say is left to the test. */
function knownUrl(component: pulumi.Resource, name: string, { repositoryUrl }: EcrRepository): pulumi.Output<string> {
  const url = orMocked(pulumi.output(repositoryUrl), mockedRepository(name));
  return url.apply((known) => {
    if (!isMocked()) {
      asResourceError(component, () => checkEcrName(`MultiPlatformImage ${name}`, known));
    }
    return known;
  });
}

/**
 * The login of a repository's registry, with a token that is made in each update: one lasts 12 hours. It is no change of
 * the image, because docker-build does not compare passwords.
 */
function ecrLogin(
  component: pulumi.Resource,
  url: pulumi.Output<string>,
  registryId: pulumi.Input<string> | undefined,
) {
  // Loaded where it is used, as it brings modules of the aws provider.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a constructor can't wait
  const { getAuthorizationTokenOutput } = require("@pulumi/aws/ecr/getAuthorizationToken") as TokenModule;
  // As a child, it asks with the component's own aws provider.
  const answer = getAuthorizationTokenOutput({ region: url.apply(ecrRegion), registryId }, { parent: component });
  const token = lookedUp("getAuthorizationToken", answer);
  return {
    address: url.apply((known) => known.split("/")[0]),
    username: ecrUsername,
    password: pulumi.secret(token.password),
  };
}
