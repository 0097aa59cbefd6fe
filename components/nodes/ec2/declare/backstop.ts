import { MetricAlarm } from "@pulumi/aws/cloudwatch/metricAlarm";
import * as pulumi from "@pulumi/pulumi";

import { nodeRoleName } from "../roleName";
import type { NormalEc2Node } from "../normalNode";

const fiveMinutes = 300;
const hour = 3_600;
/** What a node does beside builds is far below, and what a build does is above, unless it only waits. */
const idlePercent = 5;
/** So much longer than the node's own timeout, so that it acts where that has failed, and else never. */
const graceMinutes = 110;
const dayMinutes = 24 * 60;

/**
 * How long a node idles before it is stopped from outside. EC2 reports its use of the processor every 5 minutes, and an alarm
 * looks back over a day at most, or over a week with periods of an hour.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
export function backstopWindow(idleTimeoutMinutes: number): { period: number; evaluationPeriods: number } {
  const minutes = Math.min(idleTimeoutMinutes + graceMinutes, 7 * dayMinutes);
  const period = minutes <= dayMinutes ? fiveMinutes : hour;
  return { period, evaluationPeriods: Math.ceil((minutes * 60) / period) };
}

/**
 * Has EC2 stop a node that idles although its own program should have stopped it: an alarm, which neither the node nor a
 * caller can keep from acting. Not for one that is to idle.
 */
export function createBackstop(
  name: string,
  node: NormalEc2Node,
  args: {
    builderName: pulumi.Input<string>;
    instanceId: pulumi.Input<string>;
    /** The ARN of what the alarm does. */
    action: pulumi.Input<string>;
    tags: Record<string, pulumi.Input<string>>;
  },
  opts: pulumi.CustomResourceOptions,
): void {
  if (node.idleTimeoutMinutes === null) {
    return;
  }
  new MetricAlarm(
    `${name}-backstop`,
    {
      // Policies know by it whose it is.
      name: pulumi.output(args.builderName).apply((builder) => nodeRoleName(builder, node.name)),
      alarmDescription: "Stops a build node that idles for hours: its own program should have.",
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      dimensions: { InstanceId: args.instanceId },
      statistic: "Maximum",
      ...backstopWindow(node.idleTimeoutMinutes),
      comparisonOperator: "LessThanThreshold",
      threshold: idlePercent,
      // It is stopped.
      treatMissingData: "notBreaching",
      alarmActions: [args.action],
      tags: args.tags,
    },
    opts,
  );
}
