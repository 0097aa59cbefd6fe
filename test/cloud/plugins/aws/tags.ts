import { CreateTagsCommand, DeleteTagsCommand, type ResourceType as Ec2Type, type Tag } from "@aws-sdk/client-ec2";

import type { ResourceType } from "../protocol/resource";
import { isProperties, isSame, isUnknown, type Properties, unknown } from "../protocol/values";
import type { Aws } from "./client";

export type Tags = Record<string, string>;

/** Sets and removes tags of one resource. */
export type Retag = (aws: Aws, id: string, add: Tags, remove: string[], state: Properties) => Promise<void>;

/**
 * Gives a type `tags` and `tagsAll`, with the provider's default tags, which are in `tagsAll` only. The type's `read`
 * answers with all tags, as `tagsAll`.
 */
export function tagged(type: ResourceType<Aws>, retag: Retag): ResourceType<Aws> {
  return {
    ...type,
    attributes: { ...type.attributes, tags: { kind: "optional" }, tagsAll: { kind: "computed" } },
    modifyPlan(plan, aws) {
      const { planned, state, differences } = plan;
      planned.tagsAll = isUnknown(planned.tags) ? unknown : { ...aws.defaultTags, ...tagsOf(planned.tags) };
      if (state && !isSame(state.tagsAll ?? {}, planned.tagsAll)) {
        differences.set("tagsAll", { kind: "update", replaces: false });
      }
      type.modifyPlan?.(plan, aws);
    },
    async read(id, state, aws) {
      const found = await type.read(id, state, aws);
      if (!found) return undefined;
      const all = Object.entries(tagsOf(found.tagsAll)).filter(([key]) => !key.startsWith("aws:"));
      const chosen = tagsOf(state.tags);
      const own = all.filter(([key, value]) => aws.defaultTags[key] !== value || chosen[key] !== undefined);
      return { ...found, tagsAll: Object.fromEntries(all), tags: Object.fromEntries(own) };
    },
    async update(id, change, aws) {
      if (change.changed.has("tagsAll")) {
        const [old, next] = [tagsOf(change.state.tagsAll), tagsOf(change.planned.tagsAll)];
        const add = Object.fromEntries(Object.entries(next).filter(([key, value]) => old[key] !== value));
        await retag(
          aws,
          id,
          add,
          Object.keys(old).filter((key) => next[key] === undefined),
          change.state,
        );
      }
      await type.update?.(id, change, aws);
    },
  };
}

export const tagsOf = (value: unknown): Tags => (isProperties(value) ? (value as Tags) : {});

/** Tags as AWS lists them. */
export const toTagList = (tags: unknown): { Key: string; Value: string }[] =>
  Object.entries(tagsOf(tags)).map(([Key, Value]) => ({ Key, Value }));

/** Terraform's `IgnoreAWS` and `RemoveDefaultConfig`: without what AWS gives, and without what is as the default tags say. */
export const tagsBesideDefaults = (tags: Tags, { defaultTags }: Aws): Tags =>
  Object.fromEntries(
    Object.entries(tags).filter(([key, value]) => !key.startsWith("aws:") && defaultTags[key] !== value),
  );

export const fromTagList = (tags: Tag[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));

export function tagSpecifications(
  type: Ec2Type,
  planned: Properties,
): { ResourceType: Ec2Type; Tags: Tag[] }[] | undefined {
  const list = toTagList(planned.tagsAll);
  return list.length > 0 ? [{ ResourceType: type, Tags: list }] : undefined;
}

export const retagEc2: Retag = async ({ ec2 }, id, add, remove) => {
  if (remove.length > 0) {
    await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: remove.map((Key) => ({ Key })) }));
  }
  if (Object.keys(add).length > 0) await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: toTagList(add) }));
};
