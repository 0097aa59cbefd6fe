import { requireReference } from "../registry/reference";

/** The repositories of tags, each once and without its tag: what a manifest is pushed to by its digest alone. */
export function repositoriesOf(tags: readonly string[]): string[] {
  const names = tags.map(requireReference).map(({ registry, repository }) => `${registry}/${repository}`);
  return [...new Set(names)];
}

/**
 * What `--push` means to buildx, without a tag: docker-build's typed form has defaults that `push` has not, and the index
 * is to hold just what is pushed here.
 * @see https://docs.docker.com/build/exporters/image-registry/
 */
export function exportByDigest(repositories: readonly string[]): string {
  return `type=image,"name=${repositories.join(",")}",push=true,push-by-digest=true`;
}
