import * as assert from "node:assert/strict";

import { groupNodes } from "../../../components/nodes/ec2/shell/findBuilders";
import {
  type BuilderStatus,
  describeLaunched,
  describeNode,
  describeRule,
  liveLeases,
} from "../../../components/nodes/ec2/shell/builderStatus";
import { formatBuilder, formatBuilders } from "../../../components/nodes/ec2/shell/statusText";
import { reasonsToKeep } from "../../../components/nodes/ec2/shell/stop";
import { formatTable } from "../../../components/support/tables";

describe("the status of a builder", () => {
  const tls = { ca: "", cert: "", key: "" };
  const now = new Date("2026-11-21T09:00:00Z");

  it("lists builders by the tags of their instances, without those that are gone, and of their templates", () => {
    const tagged = (builder: string, node: string) => ({
      Tags: [
        { Key: "multi-platform-image:builder", Value: builder },
        { Key: "multi-platform-image:node", Value: node },
        { Key: "multi-platform-image:platform", Value: `linux/${node}` },
      ],
    });
    const instance = (builder: string, node: string, state: "running" | "terminated") => ({
      InstanceId: `i-${node}`,
      State: { Name: state },
      ...tagged(builder, node),
    });
    const instances = [
      instance("b-00000000", "arm64", "running"),
      instance("b-00000000", "amd64", "running"),
      instance("b-00000000", "amd64", "terminated"),
      instance("a-00000000", "arm64", "terminated"),
      instance("c-00000000", "arm64", "running"),
      instance("c-00000000", "amd64", "terminated"),
      { InstanceId: "i-else", State: { Name: "running" as const } },
    ];
    assert.equal(
      formatBuilders(groupNodes(instances, [tagged("c-00000000", "amd64"), tagged("c-00000000", "arm64")]), ""),
      [
        "BUILDER     NODE   PLATFORM     INSTANCE  STATE",
        "b-00000000  amd64  linux/amd64  i-amd64   running",
        "b-00000000  arm64  linux/arm64  i-arm64   running",
        "c-00000000  amd64  linux/amd64  -         none runs",
        "c-00000000  arm64  linux/arm64  i-arm64   running",
        "",
      ].join("\n"),
    );
    assert.equal(formatBuilders([], "account 1 in us-east-1"), "There is no builder in account 1 in us-east-1.\n");
  });

  it("says since when a node runs or is stopped, and where it is while it runs", () => {
    const connection = { builderName: "b-00000000", addressing: "public", tls } as const;
    const running = {
      InstanceType: "c8g.xlarge" as const,
      State: { Name: "running" as const },
      LaunchTime: new Date("2026-11-21T08:00:00.123Z"),
      PublicIpAddress: "54.1.2.3",
    };
    assert.deepEqual(describeNode(running, connection), {
      instanceType: "c8g.xlarge",
      state: "running",
      since: "2026-11-21T08:00:00Z",
      address: "54.1.2.3",
    });
    const StateTransitionReason = "User initiated (2026-11-21 08:30:00 GMT)";
    const stopped = { ...running, State: { Name: "stopped" as const }, StateTransitionReason };
    assert.deepEqual(describeNode(stopped, connection), {
      instanceType: "c8g.xlarge",
      state: "stopped",
      since: "2026-11-21T08:30:00Z",
      address: undefined,
    });
    assert.equal(describeNode(undefined, connection).state, "gone");
  });

  const seconds = now.getTime() / 1_000;
  const builder: BuilderStatus = {
    builderName: "b-00000000",
    region: "us-east-1",
    accountId: "123456789012",
    isEphemeral: false,
    nodes: [
      {
        name: "arm64",
        platform: "linux/arm64",
        instanceId: "i-1",
        instanceType: "c8g.xlarge",
        state: "running",
        since: "2026-11-21T08:00:00Z",
        address: "54.1.2.3",
        buildkitVersion: "v0.33.1",
        activeBuilds: 0,
      },
      { name: "amd64", platform: "linux/amd64", instanceId: "i-2", instanceType: "c7a.xlarge", state: "stopped" },
    ],
    leases: liveLeases(
      { "cli-00000001": seconds + 600, "up-00000002": seconds + 45, over: seconds - 1 },
      seconds,
      "00000001",
    ),
    ingress: [
      describeRule(
        {
          SecurityGroupRuleId: "sgr-1",
          CidrIpv4: "203.0.113.7/32",
          Description: "multi-platform-image until=2026-11-21T09:10:00Z by=00000001",
        },
        "00000001",
      ),
      describeRule({ SecurityGroupRuleId: "sgr-2", CidrIpv4: "10.0.0.0/8" }, "00000001"),
    ],
  };

  it("is text in columns", () => {
    assert.equal(
      formatBuilder(builder, now),
      `builder b-00000000, account 123456789012 in us-east-1

NODE   PLATFORM     INSTANCE  TYPE        STATE    SINCE                 ADDRESS   BUILDKIT  BUILDS
arm64  linux/arm64  i-1       c8g.xlarge  running  2026-11-21T08:00:00Z  54.1.2.3  v0.33.1   0
amd64  linux/amd64  i-2       c7a.xlarge  stopped  -                     -         -         -

HELD BY                      UNTIL
cli-00000001 (this machine)  2026-11-21T09:10:00Z  10 min left
up-00000002                  2026-11-21T09:00:45Z  1 min left

LET IN          RULE   FOR                      UNTIL
203.0.113.7/32  sgr-1  00000001 (this machine)  2026-11-21T09:10:00Z  10 min left
10.0.0.0/8      sgr-2  everybody there          for good
`,
    );
  });

  it("says what nobody holds, and what does not answer", () => {
    const [running] = builder.nodes;
    const silent = { ...running, buildkitVersion: undefined, activeBuilds: undefined };
    const text = formatBuilder({ ...builder, nodes: [silent], leases: [], ingress: [] }, now);
    assert.match(text, / not reachable from here {2}-\n\nNobody holds the nodes\.\n\nNobody is let in\.\n$/);
  });

  const launched = {
    "up-00000002": seconds + 30,
    "i-0a": seconds + 30,
    "up-00000003": seconds + 35,
    "i-0b": seconds + 35,
    "i-0b cold": seconds + 35,
    "i-0c": seconds + 20,
    "i-0d": seconds - 20,
  };

  it("says whose an ephemeral node is, and how it was bought", () => {
    const spot = { InstanceLifecycle: "spot" as const };
    const rows = [
      ["i-0a", spot, { capacityType: "spot", heldBy: "up-00000002" }],
      ["i-0b", {}, { capacityType: "on-demand", heldBy: "up-00000003" }],
      ["i-0c", {}, { capacityType: "on-demand", heldBy: "an up" }],
      ["i-0d", {}, { capacityType: "on-demand", heldBy: undefined }],
      ["i-0e", {}, { capacityType: "on-demand", heldBy: undefined }],
    ] as const;
    for (const [id, instance, expected] of rows) {
      assert.deepEqual(describeLaunched(id, instance, launched, seconds), expected);
    }
    assert.deepEqual(
      liveLeases(launched, seconds, undefined).map(({ holder }) => holder),
      ["up-00000002", "up-00000003"],
    );
  });

  it("shows the ephemeral nodes that are there now, or that there is none", () => {
    const [node] = builder.nodes;
    const nodes = [
      { ...node, capacityType: "spot" as const, heldBy: "up-00000002" },
      { ...node, instanceId: "i-2", capacityType: "on-demand" as const },
    ];
    assert.equal(
      formatBuilder({ ...builder, isEphemeral: true, nodes, leases: [], ingress: [] }, now),
      `builder b-00000000, account 123456789012 in us-east-1

NODE   PLATFORM     INSTANCE  TYPE        CAPACITY   OF                         STATE    SINCE                 ADDRESS   BUILDKIT  BUILDS
arm64  linux/arm64  i-1       c8g.xlarge  spot       up-00000002                running  2026-11-21T08:00:00Z  54.1.2.3  v0.33.1   0
arm64  linux/arm64  i-2       c8g.xlarge  on-demand  nobody: it ends by itself  running  2026-11-21T08:00:00Z  54.1.2.3  v0.33.1   0

Nobody holds the nodes.

Nobody is let in.
`,
    );
    const none = formatBuilder({ ...builder, isEphemeral: true, nodes: [], leases: [], ingress: [] }, now);
    assert.match(none, /\n\nNo node runs, as it should be: each `pulumi up` that builds launches its own, /);
  });

  it("tells what speaks against a stop: claims of others, and builds", () => {
    assert.deepEqual(reasonsToKeep(builder), ["up-00000002 holds the nodes until 2026-11-21T09:00:45Z"]);
    const nodes = [{ ...builder.nodes[0], activeBuilds: 2 }];
    assert.deepEqual(reasonsToKeep({ nodes, leases: [] }), ["node arm64 runs 2 builds"]);
    assert.deepEqual(reasonsToKeep({ nodes: builder.nodes, leases: [builder.leases[0]] }), []);
  });

  it("has tables without spaces at the ends of lines", () =>
    assert.equal(
      formatTable(
        ["A", "B"],
        [
          ["long", undefined],
          ["x", "y"],
        ],
      ),
      "A     B\nlong  -\nx     y\n",
    ));
});
