import type { Platform } from "../support/platforms";
import { indexLoginAdvice } from "../registry/indexLogin";
import type { DescribedNode } from "../nodes/node";
import { nodesOf } from "./placement";

const refused = /\b401 Unauthorized\b|\b403 Forbidden\b|no basic auth credentials|insufficient_scope/;

/**
 * What a refusal by a registry means when several nodes have built, or nothing. Each node pushes its platforms with the
 * image's own login; the index, which the provider pushes itself, has the login of the builder, and that is Docker's.
 *
 * @see https://github.com/docker/buildx/blob/v0.35.0/util/imagetools/loader.go
 */
export function explainIndexLogin(
  nodes: readonly DescribedNode[],
  platforms: readonly Platform[],
  error: string,
): string | undefined {
  if (!refused.test(error) || nodesOf(nodes, platforms).length < 2) {
    return undefined;
  }
  return `${indexLoginAdvice("give the login in `registries`, without an inline cache or `exports` beside it; or, ")}.`;
}
