import { AttachRolePolicyCommand, DetachRolePolicyCommand, ListAttachedRolePoliciesCommand } from "@aws-sdk/client-iam";

import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, unless } from "../errors";

type Attachment = { policyArn: string; role: string };

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role_policy_attachment.go */
export const rolePolicyAttachment: ResourceType<Aws> = {
  attributes: {
    policyArn: { kind: "required", replaces: true },
    role: { kind: "required", replaces: true },
  },
  async create(planned: Attachment, { iam }) {
    const { policyArn, role } = planned;
    await iam
      .send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: policyArn }))
      .catch(during(`attaching IAM Policy (${policyArn}) to IAM Role (${role})`));
    return { id: `${role}/${policyArn}` };
  },
  async read(id, _state, { iam }) {
    const [role = "", ...rest] = id.split("/");
    const policyArn = rest.join("/");
    const answer = await iam
      .send(new ListAttachedRolePoliciesCommand({ RoleName: role }))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`reading IAM Role Policy Attachment (${id})`));
    const isAttached = answer?.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === policyArn);
    return isAttached ? { policyArn, role } : undefined;
  },
  async delete(_id, state, { iam }) {
    const { policyArn, role } = state as Attachment;
    await iam
      .send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: policyArn }))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`detaching IAM Policy (${policyArn}) from IAM Role (${role})`));
  },
};
