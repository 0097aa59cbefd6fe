import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";

import type { ResourceType } from "../../protocol/resource";
import { isSameJson } from "../../protocol/values";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { fromTagList, tagged, toTagList } from "../tags";

type Role = {
  assumeRolePolicy: string;
  description?: string;
  forceDetachPolicies?: boolean;
  maxSessionDuration?: number;
  name: string;
  path?: string;
  permissionsBoundary?: string;
  tagsAll?: Record<string, string>;
};

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 64 },
  attributes: {
    arn: { kind: "computed" },
    assumeRolePolicy: { kind: "required", isSame: isSameJson },
    createDate: { kind: "computed" },
    description: { kind: "optional" },
    forceDetachPolicies: { kind: "optional", default: false },
    maxSessionDuration: { kind: "optional", default: 3600 },
    name: { kind: "optional computed", replaces: true },
    path: { kind: "optional", replaces: true, default: "/" },
    permissionsBoundary: { kind: "optional" },
    uniqueId: { kind: "computed" },
  },
  async create(planned: Role, { iam }) {
    await iam
      .send(
        new CreateRoleCommand({
          AssumeRolePolicyDocument: planned.assumeRolePolicy,
          Description: planned.description,
          MaxSessionDuration: planned.maxSessionDuration,
          Path: planned.path,
          PermissionsBoundary: planned.permissionsBoundary,
          RoleName: planned.name,
          Tags: toTagList(planned.tagsAll),
        }),
      )
      .catch(during(`creating IAM Role (${planned.name})`));
    return { id: planned.name };
  },
  async read(id, _state, { iam }) {
    const answer = await iam
      .send(new GetRoleCommand({ RoleName: id }))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`reading IAM Role (${id})`));
    const role = answer?.Role;
    if (role) await readPolicies(iam, id);
    return (
      role && {
        arn: role.Arn,
        assumeRolePolicy: decodeURIComponent(role.AssumeRolePolicyDocument ?? ""),
        createDate: role.CreateDate?.toISOString(),
        description: role.Description ?? "",
        maxSessionDuration: role.MaxSessionDuration,
        name: role.RoleName,
        path: role.Path,
        permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn ?? "",
        tagsAll: fromTagList(role.Tags),
        uniqueId: role.RoleId,
      }
    );
  },
  async update(id, { planned, changed }, { iam }) {
    const role = planned as Role;
    const explain = during(`updating IAM Role (${id})`);
    if (changed.has("permissionsBoundary")) {
      throw new Error("stand-in: an update of permissionsBoundary is not implemented");
    }
    if (changed.has("assumeRolePolicy")) {
      const PolicyDocument = role.assumeRolePolicy;
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: id, PolicyDocument })).catch(explain);
    }
    if (changed.has("description") || changed.has("maxSessionDuration")) {
      const { description: Description = "", maxSessionDuration: MaxSessionDuration } = role;
      await iam.send(new UpdateRoleCommand({ RoleName: id, Description, MaxSessionDuration })).catch(explain);
    }
  },
  async delete(id, state, aws) {
    await release(id, state as Role, aws)
      .then(() => aws.iam.send(new DeleteRoleCommand({ RoleName: id })))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`deleting IAM Role (${id})`));
  },
};

/** What IAM deletes no role with: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role.go */
async function release(RoleName: string, { forceDetachPolicies }: Role, { iam }: Aws): Promise<void> {
  const { InstanceProfiles = [] } = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }));
  for (const { InstanceProfileName } of InstanceProfiles) {
    await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
  }
  if (!forceDetachPolicies) return;
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  for (const { PolicyArn } of AttachedPolicies) await iam.send(new DetachRolePolicyCommand({ PolicyArn, RoleName }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ PolicyName, RoleName }));
}

export const role = tagged(type, async ({ iam }, id, add, remove) => {
  if (remove.length > 0) await iam.send(new UntagRoleCommand({ RoleName: id, TagKeys: remove }));
  if (Object.keys(add).length > 0) await iam.send(new TagRoleCommand({ RoleName: id, Tags: toTagList(add) }));
});

/** For `inline_policy` and `managed_policy_arns`, which nobody gives here: readRoleInlinePolicies, findRoleAttachedPolicies. */
async function readPolicies(iam: Aws["iam"], RoleName: string): Promise<void> {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of PolicyNames) await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
}
