import * as assert from "node:assert/strict";

import type { Aws } from "../../cloud/plugins/aws/client";
import { launchTemplate } from "../../cloud/plugins/aws/resources/launchTemplate";
import { metricAlarm } from "../../cloud/plugins/aws/resources/metricAlarm";
import { parameter } from "../../cloud/plugins/aws/resources/parameter";
import { securityGroupIngressRule } from "../../cloud/plugins/aws/resources/securityGroupRule";
import { check } from "../../cloud/plugins/protocol/check";
import { planOf } from "../../cloud/plugins/protocol/operations";
import type { ResourceType } from "../../cloud/plugins/protocol/resource";
import { isUnknown, type Properties } from "../../cloud/plugins/protocol/values";

const aws = { defaultTags: { team: "builds" } } as unknown as Aws;

describe("the stand-in of the aws provider: what it refuses and plans without a call", () => {
  const fault = (source: Properties): Record<string, string> =>
    check(securityGroupIngressRule, "in", { securityGroupId: "sg-1", ipProtocol: "tcp", ...source }, {}).failures;

  it("refuses a network with the address of a host", () => {
    assert.deepEqual(fault({ cidrIpv4: "203.0.113.0/24" }), {});
    assert.deepEqual(fault({ cidrIpv6: "2001:DB8::/32" }), {});
    assert.deepEqual(fault({ cidrIpv4: "203.0.113.7/24" }), {
      cidrIpv4: '"203.0.113.7/24" is not a valid IPv4 CIDR block; did you mean "203.0.113.0/24"?',
    });
    assert.deepEqual(fault({ cidrIpv6: "2001:db8::1/32" }), {
      cidrIpv6: '"2001:db8::1/32" is not a valid IPv6 CIDR block; did you mean "2001:db8::/32"?',
    });
  });

  it("takes one source of a rule, and ports that there are", () => {
    assert.match(fault({ cidrIpv4: "10.0.0.0/8", cidrIpv6: "::/0" }).cidrIpv6, /^Exactly one of these attributes/);
    assert.deepEqual(fault({ cidrIpv4: "10.0.0.0/8", fromPort: 1, toPort: 65_536 }), {
      toPort: "value must be between -1 and 65535, got: 65536",
    });
  });

  it("announces another version of a template with every change but that of its description", () => {
    const state = { description: "one", imageId: "ami-1", latestVersion: 1, tags: {}, tagsAll: { team: "builds" } };
    const latest = (inputs: Properties): unknown =>
      planOf(launchTemplate, aws, { inputs: { description: "one", imageId: "ami-1", ...inputs }, state }).planned
        .latestVersion;
    assert.equal(latest({}), 1);
    assert.equal(latest({ description: "two" }), 1);
    assert.ok(isUnknown(latest({ imageId: "ami-2" })));
    // Tags make none: a preview shows what depends on the version all the same.
    assert.ok(isUnknown(latest({ tags: { note: "one" } })));
  });

  it("refuses words that the provider does not know of parameters and alarms", () => {
    const faults = (type: ResourceType<Aws>, inputs: Properties): string[] =>
      Object.keys(check(type, "one", inputs, {}).failures).sort();
    assert.deepEqual(faults(parameter, { type: "SecureString", value: "1", tier: "Intelligent-Tiering" }), []);
    assert.deepEqual(faults(parameter, { type: "Secure", value: "1", tier: "Free", dataType: "json" }), [
      "dataType",
      "tier",
      "type",
    ]);
    const alarm = { comparisonOperator: "LessThanThreshold", evaluationPeriods: 1, metricName: "m", name: "a" };
    const stop = "arn:aws:automate:us-east-1:ec2:stop";
    assert.deepEqual(faults(metricAlarm, { ...alarm, statistic: "Maximum", period: 300, alarmActions: [stop] }), []);
    const wrong = { period: 90, alarmActions: ["arn:aws:automate:us-east-1:ec2:sleep"], treatMissingData: "good" };
    assert.deepEqual(faults(metricAlarm, { ...alarm, ...wrong }), [
      "alarmActions",
      "period",
      "statistic",
      "treatMissingData",
    ]);
  });
});
