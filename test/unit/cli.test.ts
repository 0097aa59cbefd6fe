import * as assert from "node:assert/strict";

import { type Command, commandNames, parseCommand } from "../../components/cli/arguments";
import { groupInstances, matchBuilder } from "../../components/cli/builders";
import { type BuilderStatus, describeNode, describeRule, liveLeases } from "../../components/cli/builderStatus";
import { helpText } from "../../components/cli/help";
import { formatBuilder, formatBuilders } from "../../components/cli/statusText";
import { reasonsToKeep } from "../../components/cli/stop";
import { formatTable } from "../../components/cli/tables";
import { UsageError } from "../../components/cli/usageError";

const account = { region: undefined, profile: undefined };

describe("the command line", () => {
  const meanings: [line: string, command: Command][] = [
    ["wake a", { name: "wake", builder: "a", minutes: 60, platforms: undefined, ...account }],
    [
      "wake a --minutes 5 --platform linux/aarch64,linux/amd64 --platform linux/amd64 --region eu-west-1 --profile p",
      {
        name: "wake",
        builder: "a",
        minutes: 5,
        platforms: ["linux/arm64", "linux/amd64"],
        region: "eu-west-1",
        profile: "p",
      },
    ],
    ["stop a", { name: "stop", builder: "a", force: false, wait: true, ...account }],
    ["stop --force --no-wait a", { name: "stop", builder: "a", force: true, wait: false, ...account }],
    ["status", { name: "status", builder: undefined, json: false, ...account }],
    ["status a-1a2b3c4d --json", { name: "status", builder: "a-1a2b3c4d", json: true, ...account }],
    ["clean", { name: "clean", builder: undefined }],
    ["clean a", { name: "clean", builder: "a" }],
    ["--help", { name: "help", of: undefined }],
    ["help stop", { name: "help", of: "stop" }],
    ["wake -h", { name: "help", of: "wake" }],
    ["--version", { name: "version" }],
  ];
  for (const [line, command] of meanings) {
    it(`understands "${line}"`, () => assert.deepEqual(parseCommand(line.split(" ")), command));
  }

  const mistakes: [line: string, message: RegExp][] = [
    ["", /^a command is missing$/],
    ["build", /^there is no command "build": wake, stop, status, clean are there$/],
    ["wake", /^wake needs the name of a builder/],
    ["stop --force", /^stop needs the name of a builder/],
    ["wake a b", /^wake takes one builder, and "b" is a second one$/],
    ["wake ../a", /^"..\/a" is no name of a builder/],
    ["clean Builders", /^"Builders" is no name of a builder/],
    ["wake a --minutes 0", /^--minutes is "0": a whole number from 1 to 1440 is allowed$/],
    ["wake a --minutes 1h", /^--minutes is "1h"/],
    ["wake a --platform windows/amd64", /^--platform is "windows\/amd64"/],
    ["clean --region eu-west-1", /^unknown option '--region'$/],
    ["status --region", /^option '--region <value>' argument missing$/],
  ];
  for (const [line, message] of mistakes) {
    it(`fails for "${line}"`, () => {
      const parse = () => parseCommand(line.split(" ").filter(Boolean));
      assert.throws(parse, (error: Error) => error instanceof UsageError && message.test(error.message));
    });
  }

  it("has a help text for each command, within 120 columns", () => {
    for (const text of [undefined, ...commandNames].map(helpText)) {
      assert.ok(text.startsWith("Usage: multi-platform-image "));
      assert.ok(text.split("\n").every((line) => line.length <= 120));
    }
  });
});

describe("the name of a builder", () => {
  const known = ["api-1a2b3c4d", "builders-00000000", "builders-11111111", "builders-arm-22222222"];
  const match = (name: string) => matchBuilder(name, known, "account 1 in us-east-1");

  it("is its registered one, or its beginning", () => {
    assert.equal(match("builders-00000000"), "builders-00000000");
    assert.equal(match("api"), "api-1a2b3c4d");
    assert.equal(match("builders-arm"), "builders-arm-22222222");
  });

  it("means the registered one where it could be a beginning, too", () =>
    assert.equal(matchBuilder("a-00000000", ["a-00000000", "a-00000000-11111111"], ""), "a-00000000"));

  it("fails if more than one has it", () => {
    assert.throws(() => match("builders"), {
      message:
        "builders means more than one builder of account 1 in us-east-1: builders-00000000, builders-11111111. Fix: name one of them.",
    });
  });

  it("fails if none has it, with those that are there", () => {
    assert.throws(() => match("build"), {
      message: /^there is no builder build in account 1 .* builders-arm-22222222/,
    });
    assert.throws(() => matchBuilder("a", [], "x"), { message: /^there is no builder a in x; none is there\. Fix: / });
  });
});

describe("the status of a builder", () => {
  const tls = { ca: "", cert: "", key: "" };
  const now = new Date("2026-11-21T09:00:00Z");

  it("lists builders by the tags of their instances, without those that are gone", () => {
    const instance = (builder: string, node: string, state: "running" | "terminated") => ({
      InstanceId: `i-${node}`,
      State: { Name: state },
      Tags: [
        { Key: "multi-platform-image:builder", Value: builder },
        { Key: "multi-platform-image:node", Value: node },
        { Key: "multi-platform-image:platform", Value: `linux/${node}` },
      ],
    });
    const instances = [
      instance("b-00000000", "arm64", "running"),
      instance("b-00000000", "amd64", "running"),
      instance("b-00000000", "amd64", "terminated"),
      instance("a-00000000", "arm64", "terminated"),
      { InstanceId: "i-else", State: { Name: "running" as const } },
    ];
    assert.equal(
      formatBuilders(groupInstances(instances), ""),
      [
        "BUILDER     NODE   PLATFORM     INSTANCE  STATE",
        "b-00000000  amd64  linux/amd64  i-amd64   running",
        "b-00000000  arm64  linux/arm64  i-arm64   running",
        "",
      ].join("\n"),
    );
    assert.equal(formatBuilders([], "account 1 in us-east-1"), "There is no builder in account 1 in us-east-1.\n");
  });

  it("says since when a node runs or is stopped, and where it is while it runs", () => {
    const connection = { addressing: "public", tls } as const;
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
