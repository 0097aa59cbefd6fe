import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { tagged } from "../tags";

type LogGroup = { name: string; retentionInDays?: number; tagsAll?: Record<string, string> };

interface Described {
  logGroups?: { arn: string; logGroupName: string; retentionInDays?: number; logGroupClass?: string }[];
}

const allowedDays = [
  ...[0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/logs/group.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 512 },
  attributes: {
    arn: { kind: "computed" },
    logGroupClass: { kind: "optional computed", replaces: true },
    name: { kind: "optional computed", replaces: true },
    retentionInDays: { kind: "optional", default: 0 },
    skipDestroy: { kind: "optional", default: false },
  },
  check: ({ retentionInDays }): Record<string, string> =>
    allowedDays.includes(Number(retentionInDays))
      ? {}
      : { retentionInDays: `expected retention_in_days to be one of ${JSON.stringify(allowedDays)}` },
  async create(planned: LogGroup, aws) {
    const { name, retentionInDays, tagsAll } = planned;
    await aws.logs
      .call("CreateLogGroup", { logGroupName: name, tags: tagsAll })
      .catch(during(`creating CloudWatch Logs Log Group (${name})`));
    if (retentionInDays) await retain(aws, name, retentionInDays);
    return { id: name };
  },
  async read(id, _state, { logs }) {
    const explain = during(`reading CloudWatch Logs Log Group (${id})`);
    const { logGroups = [] } = await logs
      .call<Described>("DescribeLogGroups", { logGroupNamePrefix: id })
      .catch(explain);
    const group = logGroups.find(({ logGroupName }) => logGroupName === id);
    if (!group) return undefined;
    const arn = group.arn.replace(/:\*$/, "");
    const { tags } = await logs
      .call<{ tags?: Record<string, string> }>("ListTagsForResource", { resourceArn: arn })
      .catch(explain);
    const { logGroupClass = "STANDARD", retentionInDays = 0 } = group;
    return { arn, logGroupClass, name: id, retentionInDays, tagsAll: tags ?? {} };
  },
  async update(id, { planned, changed }, aws) {
    if (!changed.has("retentionInDays")) return;
    const { retentionInDays } = planned as LogGroup;
    if (retentionInDays) return retain(aws, id, retentionInDays);
    await aws.logs
      .call("DeleteRetentionPolicy", { logGroupName: id })
      .catch(during(`deleting CloudWatch Logs Log Group (${id}) retention policy`));
  },
  async delete(id, { skipDestroy }, { logs }) {
    if (skipDestroy) return;
    await logs
      .call("DeleteLogGroup", { logGroupName: id })
      .catch(unless("ResourceNotFoundException"))
      .catch(during(`deleting CloudWatch Logs Log Group (${id})`));
  },
};

async function retain({ logs }: Aws, logGroupName: string, retentionInDays: number): Promise<void> {
  await logs
    .call("PutRetentionPolicy", { logGroupName, retentionInDays })
    .catch(during(`setting CloudWatch Logs Log Group (${logGroupName}) retention policy`));
}

export const logGroup = tagged(type, async ({ logs }, _id, add, remove, { arn }) => {
  if (remove.length > 0) await logs.call("UntagResource", { resourceArn: arn, tagKeys: remove });
  if (Object.keys(add).length > 0) await logs.call("TagResource", { resourceArn: arn, tags: add });
});
