import * as pulumi from "@pulumi/pulumi";

import { argumentError } from "../../support/errors";
import { isLoopback } from "../../registry/read";

// https://docs.aws.amazon.com/general/latest/gr/ecr.html
const ecrPattern = /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+(?::\d+)?(?:\/|$)/;

/**
 * The region in the address of a registry, none in an address that is not ECR's own. Tokens are good for one region,
 * which may be another one than the provider's.
 */
export function ecrRegion(repositoryUrl: string): string | undefined {
  return ecrPattern.exec(repositoryUrl)?.[1];
}

/**
 * Refuses a repository of another registry: ECR's login is no use there, and asking AWS for it fails where there is no account.
 * An API of one's own, as LocalStack's, has repositories under names of its own.
 */
export function checkEcrName(owner: string, repositoryUrl: string): void {
  const [registry] = repositoryUrl.replace(/^https?:\/\//, "").split("/", 1);
  const isOfOtherApi = isLoopback(registry) || /\.localstack\.cloud(:\d+)?$/.test(registry) || hasOwnEndpoint();
  if (ecrPattern.test(repositoryUrl) || isOfOtherApi) {
    return;
  }
  const login =
    registry === "public.ecr.aws"
      ? ', username: "AWS", password } with a password of aws.ecrpublic.getAuthorizationToken'
      : ", username, password }";
  const remedy =
    "`repository` is a private one in Amazon ECR (ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME). Fix: leave it out, and give " +
    `\`tags: ["${repositoryUrl}:TAG"]\` and \`registries: [{ address: "${registry}"${login}]\``;
  throw argumentError(owner, "repository.repositoryUrl", repositoryUrl, remedy);
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
function hasOwnEndpoint(): boolean {
  const { AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_ECR: own } = process.env;
  return Boolean(all || own || new pulumi.Config("aws").get("endpoints"));
}
