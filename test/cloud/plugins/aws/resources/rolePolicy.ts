import { DeleteRolePolicyCommand, GetRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";

import type { ResourceType } from "../../protocol/resource";
import { isSameJson } from "../../protocol/values";
import type { Aws } from "../client";
import { during, unless } from "../errors";

type RolePolicy = { name: string; policy: string; role: string };

export const rolePolicy: ResourceType<Aws> = {
  autoName: { maxLength: 128 },
  attributes: {
    name: { kind: "optional computed", replaces: true },
    policy: { kind: "required", isSame: isSameJson },
    role: { kind: "required", replaces: true },
  },
  async create(planned: RolePolicy, aws) {
    await put(aws, planned);
    return { id: `${planned.role}:${planned.name}` };
  },
  async read(id, _state, { iam }) {
    const answer = await iam
      .send(new GetRolePolicyCommand(partsOf(id)))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`reading IAM Role Policy (${id})`));
    return (
      answer && {
        name: answer.PolicyName,
        policy: decodeURIComponent(answer.PolicyDocument ?? ""),
        role: answer.RoleName,
      }
    );
  },
  async update(_id, { planned }, aws) {
    await put(aws, planned as RolePolicy);
  },
  async delete(id, _state, { iam }) {
    await iam
      .send(new DeleteRolePolicyCommand(partsOf(id)))
      .catch(unless("NoSuchEntityException", "NoSuchEntity"))
      .catch(during(`deleting IAM Role Policy (${id})`));
  },
};

async function put({ iam }: Aws, { name, policy, role }: RolePolicy): Promise<void> {
  await iam
    .send(new PutRolePolicyCommand({ PolicyName: name, PolicyDocument: policy, RoleName: role }))
    .catch(during(`putting IAM Role (${role}) Policy (${name})`));
}

function partsOf(id: string): { RoleName: string; PolicyName: string } {
  const [RoleName = "", PolicyName = ""] = id.split(":");
  return { RoleName, PolicyName };
}
