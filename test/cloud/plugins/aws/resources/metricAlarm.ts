import type { ResourceType } from "../../protocol/resource";
import { isSame } from "../../protocol/values";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { fromTagList, tagged, toTagList } from "../tags";

type MetricAlarm = {
  actionsEnabled?: boolean;
  alarmActions?: string[];
  alarmDescription?: string;
  comparisonOperator: string;
  dimensions?: Record<string, string>;
  evaluationPeriods: number;
  metricName?: string;
  name: string;
  namespace?: string;
  period?: number;
  statistic?: string;
  tagsAll?: Record<string, string>;
  threshold?: number;
  treatMissingData?: string;
};

interface Described {
  MetricAlarms?: Record<string, unknown>[];
}

const inAnyOrder = (one: unknown, other: unknown): boolean =>
  isSame([...((one as string[]) ?? [])].sort(), [...((other as string[]) ?? [])].sort());

/** `validEC2AutomateARN` of cloudwatch/validate.go. The provider takes other ARNs as well, which are none of ours. */
const automation = /^arn:[\w-]+:automate:[\w-]+:ec2:(reboot|recover|stop|terminate)$/;
const missingData = ["breaching", "notBreaching", "ignore", "missing"];

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/cloudwatch/metric_alarm.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 255 },
  attributes: {
    actionsEnabled: { kind: "optional", default: true },
    alarmActions: { kind: "optional", isSame: inAnyOrder },
    alarmDescription: { kind: "optional" },
    arn: { kind: "computed" },
    comparisonOperator: { kind: "required" },
    dimensions: { kind: "optional" },
    evaluationPeriods: { kind: "required" },
    metricName: { kind: "optional" },
    name: { kind: "required", replaces: true },
    namespace: { kind: "optional" },
    period: { kind: "optional" },
    statistic: { kind: "optional" },
    threshold: { kind: "optional" },
    treatMissingData: { kind: "optional", default: "missing" },
  },
  check({ metricName, statistic, alarmActions, period, treatMissingData }): Record<string, string> {
    const isUnclear = metricName !== undefined && statistic === undefined;
    const wrongAction = (Array.isArray(alarmActions) ? alarmActions : []).find(
      (action) => typeof action === "string" && !automation.test(action),
    ) as string | undefined;
    const isWrongPeriod = typeof period === "number" && ![10, 20, 30].includes(period) && period % 60 !== 0;
    const isWrongWord = typeof treatMissingData === "string" && !missingData.includes(treatMissingData);
    return {
      ...(isUnclear && {
        statistic: "One of `statistic` or `extended_statistic` must be set for a cloudwatch metric alarm",
      }),
      ...(wrongAction && {
        alarmActions: `"alarm_actions" does not match EC2 automation ARN ("${automation.source}"): "${wrongAction}"`,
      }),
      ...(isWrongPeriod && { period: `expected period to be one of [10 20 30] or divisible by 60, got ${period}` }),
      ...(isWrongWord && {
        treatMissingData: `expected treat_missing_data to be one of ["${missingData.join('" "')}"]`,
      }),
    };
  },
  async create(planned: MetricAlarm, aws) {
    const { name } = planned;
    const explain = during(`creating CloudWatch Metric Alarm (${name})`);
    // PutMetricAlarm itself goes over what is there.
    if (await find(aws, name).catch(explain)) throw new Error(`CloudWatch metric alarm "${name}" already exists`);
    await put(aws, planned, toTagList(planned.tagsAll)).catch(explain);
    return { id: name };
  },
  async read(id, _state, aws) {
    const explain = during(`reading CloudWatch Metric Alarm (${id})`);
    const alarm = await find(aws, id).catch(explain);
    if (!alarm) return undefined;
    const { Tags } = await aws.cloudWatch
      .call<{ Tags?: { Key: string; Value: string }[] }>("ListTagsForResource", { ResourceARN: alarm.AlarmArn })
      .catch(explain);
    const dimensions = (alarm.Dimensions ?? []) as { Name: string; Value: string }[];
    return {
      actionsEnabled: alarm.ActionsEnabled,
      alarmActions: alarm.AlarmActions,
      alarmDescription: alarm.AlarmDescription,
      arn: alarm.AlarmArn,
      comparisonOperator: alarm.ComparisonOperator,
      dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
      evaluationPeriods: alarm.EvaluationPeriods,
      metricName: alarm.MetricName,
      name: alarm.AlarmName,
      namespace: alarm.Namespace,
      period: alarm.Period,
      statistic: alarm.Statistic,
      tagsAll: fromTagList(Tags),
      threshold: alarm.Threshold,
      treatMissingData: alarm.TreatMissingData ?? "missing",
    };
  },
  async update(id, { planned, changed }, aws) {
    if ([...changed].every((name) => ["tags", "tagsAll"].includes(name))) return;
    await put(aws, planned as MetricAlarm).catch(during(`updating CloudWatch Metric Alarm (${id})`));
  },
  async delete(id, _state, { cloudWatch }) {
    await cloudWatch
      .call("DeleteAlarms", { AlarmNames: [id] })
      .catch(unless("ResourceNotFound", "ResourceNotFoundException"))
      .catch(during(`deleting CloudWatch Metric Alarm (${id})`));
  },
};

async function find({ cloudWatch }: Aws, name: string): Promise<Record<string, unknown> | undefined> {
  const input = { AlarmNames: [name], AlarmTypes: ["MetricAlarm"] };
  return (await cloudWatch.call<Described>("DescribeAlarms", input)).MetricAlarms?.[0];
}

async function put({ cloudWatch }: Aws, alarm: MetricAlarm, Tags?: { Key: string; Value: string }[]): Promise<void> {
  await cloudWatch.call("PutMetricAlarm", {
    ActionsEnabled: alarm.actionsEnabled,
    AlarmActions: alarm.alarmActions,
    AlarmDescription: alarm.alarmDescription,
    AlarmName: alarm.name,
    ComparisonOperator: alarm.comparisonOperator,
    Dimensions: Object.entries(alarm.dimensions ?? {}).map(([Name, Value]) => ({ Name, Value })),
    EvaluationPeriods: alarm.evaluationPeriods,
    MetricName: alarm.metricName,
    Namespace: alarm.namespace,
    Period: alarm.period,
    Statistic: alarm.statistic,
    Tags,
    Threshold: alarm.threshold,
    TreatMissingData: alarm.treatMissingData,
  });
}

export const metricAlarm = tagged(type, async ({ cloudWatch }, _id, add, remove, { arn }) => {
  if (remove.length > 0) await cloudWatch.call("UntagResource", { ResourceARN: arn, TagKeys: remove });
  if (Object.keys(add).length > 0) await cloudWatch.call("TagResource", { ResourceARN: arn, Tags: toTagList(add) });
});
