import * as pulumi from "@pulumi/pulumi";

import { say } from "../pulumi/log";
import { isLoopback } from "../registry/read";
import { parseReference } from "../registry/reference";

/** What decides whether docker-build can delete an image. */
interface Deleted {
  retainOnDelete: boolean;
  /** As far as they are known. */
  tags: readonly string[];
  /** Whether the login is made in each update. */
  hasRepository: boolean;
  /** Declared to be without TLS. */
  insecureRegistries: readonly string[];
}

/**
 * Why an image will stay in its registry although `retainOnDelete` is `false`, or nothing: docker-build says that it is deleted,
 * whatever the registry says.
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/client.go (`Delete`)
 */
export function whyNotDeleted({
  retainOnDelete,
  tags,
  hasRepository,
  insecureRegistries,
}: Deleted): string | undefined {
  if (retainOnDelete) {
    return undefined;
  }
  const registries = tags.flatMap((tag) => {
    const parsed = parseReference(tag);
    return "problem" in parsed ? [] : [parsed.registry];
  });
  const insecure = registries.find((each) => isLoopback(each) || insecureRegistries.includes(each));
  const begin =
    "`retainOnDelete: false`: the image will stay in its registry when it is deleted here, without a word, because";
  if (insecure) {
    return `${begin} docker-build speaks TLS to ${insecure}, which has none. Fix: leave it out, and delete images there.`;
  }
  return hasRepository
    ? `${begin} docker-build deletes with the login of the last build, and ECR's ends after 12 hours. Fix: leave it out, and delete by a lifecycle policy, or with the repository (\`forceDelete\`).`
    : undefined;
}

/** Says so when the image is declared: when it is deleted, it is too late. */
export function warnIfNotDeleted(component: pulumi.Resource, deleted: Deleted): void {
  const why = whyNotDeleted(deleted);
  if (why) {
    void say("warn", why, component);
  }
}
