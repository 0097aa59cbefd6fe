import type { Leftover } from "./world";

/** Ids and names of what AWS lists of a run. */
export interface Found {
  instances: readonly string[];
  volumes: readonly string[];
  groups: readonly string[];
  parameters: readonly string[];
  repositories: readonly string[];
  profiles: readonly string[];
  roles: readonly string[];
}

const removals: { [kind in keyof Found]: (id: string) => string } = {
  instances: (id) =>
    `aws ec2 terminate-instances --instance-ids ${id} && aws ec2 wait instance-terminated --instance-ids ${id}`,
  volumes: (id) => `aws ec2 delete-volume --volume-id ${id}`,
  groups: (id) => `aws ec2 delete-security-group --group-id ${id}`,
  parameters: (name) => `aws ssm delete-parameter --name ${name}`,
  repositories: (name) => `aws ecr delete-repository --force --repository-name ${name}`,
  profiles: (name) =>
    `for role in $(aws iam get-instance-profile --instance-profile-name ${name} --query 'InstanceProfile.Roles[].RoleName' --output text); do ` +
    `aws iam remove-role-from-instance-profile --instance-profile-name ${name} --role-name $role; done; ` +
    `aws iam delete-instance-profile --instance-profile-name ${name}`,
  roles: (name) =>
    `for policy in $(aws iam list-role-policies --role-name ${name} --query 'PolicyNames[]' --output text); do ` +
    `aws iam delete-role-policy --role-name ${name} --policy-name $policy; done; ` +
    `aws iam delete-role --role-name ${name}`,
};

/** In the order in which they can be removed: an instance holds on to its volume and its group. */
export function leftoversOf(found: Found): Leftover[] {
  return (Object.keys(removals) as (keyof Found)[]).flatMap((kind) =>
    found[kind].map((id) => ({
      what: `${kind.replace(/s$/, "").replace(/ie$/, "y")} ${id}`,
      command: removals[kind](id),
    })),
  );
}
