import type { Aws } from "../client";
import type { Retag } from "../tags";

/** ECS writes tags in small letters. */
export interface EcsTag {
  key: string;
  value: string;
}

export const toEcsTags = (tags: Record<string, string> = {}): EcsTag[] | undefined => {
  const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
  // ClientException: Tags can not be empty.
  return list.length > 0 ? list : undefined;
};

export const fromEcsTags = (tags: readonly EcsTag[] = []): Record<string, string> =>
  Object.fromEntries(tags.map(({ key, value }) => [key, value]));

export const retagEcs: Retag = async ({ ecs }: Aws, _id, add, remove, { arn }) => {
  if (remove.length > 0) await ecs.call("UntagResource", { resourceArn: arn, tagKeys: remove });
  if (Object.keys(add).length > 0) await ecs.call("TagResource", { resourceArn: arn, tags: toEcsTags(add) });
};
