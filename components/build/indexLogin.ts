import type { Platform } from "../platforms";
import type { DescribedNode } from "./node";
import { nodesOf } from "./placement";

const refused = /\b401 Unauthorized\b|\b403 Forbidden\b|no basic auth credentials|insufficient_scope/;

/**
 * What a refusal by a registry means when several nodes have built, or nothing. Each node pushes its platforms with the
 * image's own login; the index, which the provider pushes itself, has the login of the builder, and that is Docker's.
 *
 * @see https://github.com/docker/buildx/blob/v0.35.0/util/imagetools/loader.go
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/host.go (`builderFor`)
 */
export function explainIndexLogin(
  nodes: readonly DescribedNode[],
  platforms: readonly Platform[],
  error: string,
): string | undefined {
  if (!refused.test(error) || nodesOf(nodes, platforms).length < 2) {
    return undefined;
  }
  return (
    "@pulumi/docker-build 0.0.22: the index of several nodes is pushed with Docker's own login, not with `registries` or `repository`, " +
    "which are the nodes' logins. Fix: where `pulumi` runs, log in with `docker login`, with a credential helper " +
    "(`docker-credential-ecr-login` for ECR), or with DOCKER_AUTH_CONFIG in the environment."
  );
}
