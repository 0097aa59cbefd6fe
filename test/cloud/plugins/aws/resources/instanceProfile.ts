import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  GetInstanceProfileCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  UntagInstanceProfileCommand,
} from "@aws-sdk/client-iam";

import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, isAwsError, unless } from "../errors";
import { fromTagList, tagged, toTagList } from "../tags";
import { retryWhile } from "../wait";

type InstanceProfile = { name: string; path?: string; role?: string; tagsAll?: Record<string, string> };

const type: ResourceType<Aws> = {
  autoName: { maxLength: 128 },
  attributes: {
    arn: { kind: "computed" },
    createDate: { kind: "computed" },
    name: { kind: "optional computed", replaces: true },
    path: { kind: "optional", replaces: true, default: "/" },
    role: { kind: "optional" },
    uniqueId: { kind: "computed" },
  },
  async create(planned: InstanceProfile, { iam }) {
    await iam
      .send(
        new CreateInstanceProfileCommand({
          InstanceProfileName: planned.name,
          Path: planned.path,
          Tags: toTagList(planned.tagsAll),
        }),
      )
      .catch(during(`creating IAM Instance Profile (${planned.name})`));
    return { id: planned.name };
  },
  async settle(id, planned, aws) {
    const { role } = planned as InstanceProfile;
    if (role) await addRole(aws, id, role);
  },
  async read(id, _state, { iam }) {
    const answer = await iam
      .send(new GetInstanceProfileCommand({ InstanceProfileName: id }))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`reading IAM Instance Profile (${id})`));
    const profile = answer?.InstanceProfile;
    return (
      profile && {
        arn: profile.Arn,
        createDate: profile.CreateDate?.toISOString(),
        name: profile.InstanceProfileName,
        path: profile.Path,
        role: profile.Roles?.[0]?.RoleName,
        tagsAll: fromTagList(profile.Tags),
        uniqueId: profile.InstanceProfileId,
      }
    );
  },
  async update(id, { state, planned, changed }, aws) {
    if (!changed.has("role")) return;
    const [old, next] = [state as InstanceProfile, planned as InstanceProfile];
    if (old.role) await removeRole(aws, id, old.role);
    if (next.role) await addRole(aws, id, next.role);
  },
  async delete(id, state, aws) {
    const { role } = state as InstanceProfile;
    if (role) await removeRole(aws, id, role);
    await aws.iam
      .send(new DeleteInstanceProfileCommand({ InstanceProfileName: id }))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`deleting IAM Instance Profile (${id})`));
  },
};

export const instanceProfile = tagged(type, async ({ iam }, id, add, remove) => {
  const InstanceProfileName = id;
  if (remove.length > 0) await iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys: remove }));
  if (Object.keys(add).length > 0) {
    await iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags: toTagList(add) }));
  }
});

/** IAM tells itself of a new role late, too. */
const isRoleNotYetThere = (error: unknown): boolean =>
  isAwsError(error, "NoSuchEntityException", "NoSuchEntity") && error.reason.includes("The role with name");

async function addRole({ iam }: Aws, profile: string, role: string): Promise<void> {
  await retryWhile(isRoleNotYetThere, 120, () =>
    iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: profile, RoleName: role })),
  ).catch(during(`adding IAM Role (${role}) to IAM Instance Profile (${profile})`));
}

async function removeRole({ iam }: Aws, profile: string, role: string): Promise<void> {
  await iam
    .send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: profile, RoleName: role }))
    .catch(unless("NoSuchEntityException", "NoSuchEntity"))
    .catch(during(`removing IAM Role (${role}) from IAM Instance Profile (${profile})`));
}
