import * as assert from "node:assert/strict";

import { type Command, commandNames, parseCommand } from "../../../components/cli/commands";
import { parseStored } from "../../../components/nodes/ec2/shell/findBuilders";
import { matchBuilder } from "../../../components/support/names";
import { helpText } from "../../../components/cli/help";
import { policy } from "../../../components/cli/policy";
import { UsageError } from "../../../components/cli/usageError";
import type { PolicyDocument } from "../../../components/nodes/ec2/policies/document";

const account = { region: undefined, profile: undefined, context: undefined, namespace: undefined };
const anywhere = { account: undefined, region: undefined, namespace: undefined };

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
        ...account,
        region: "eu-west-1",
        profile: "p",
      },
    ],
    ["stop a", { name: "stop", builder: "a", force: false, wait: true, ...account }],
    ["stop --force --no-wait a", { name: "stop", builder: "a", force: true, wait: false, ...account }],
    ["status", { name: "status", builder: undefined, json: false, ...account }],
    ["status a-1a2b3c4d --json", { name: "status", builder: "a-1a2b3c4d", json: true, ...account }],
    ["clean", { name: "clean", builder: undefined, nodes: false, ...account }],
    ["clean a", { name: "clean", builder: "a", nodes: false, ...account }],
    [
      "clean a --nodes --region eu-west-1",
      { name: "clean", builder: "a", nodes: true, ...account, region: "eu-west-1" },
    ],
    [
      "status --namespace builds --context farm",
      { name: "status", builder: undefined, json: false, ...account, context: "farm", namespace: "builds" },
    ],
    [
      "policy a --for build --namespace builds",
      { name: "policy", builder: "a", role: "build", ...anywhere, namespace: "builds" },
    ],
    ["policy a --for build", { name: "policy", builder: "a", role: "build", ...anywhere }],
    [
      "policy a-1a2b3c4d --for manage-ephemeral --account 111122223333 --region us-gov-west-1",
      {
        name: "policy",
        builder: "a-1a2b3c4d",
        role: "manage-ephemeral",
        ...anywhere,
        account: "111122223333",
        region: "us-gov-west-1",
      },
    ],
    ["policy --help", { name: "help", of: "policy" }],
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
    ["build", /^there is no command "build": wake, stop, status, clean, policy, report are there$/],
    ["wake", /^wake needs the name of a builder/],
    ["stop --force", /^stop needs the name of a builder/],
    ["wake a b", /^wake takes one builder, and "b" is a second one$/],
    ["wake ../a", /^"..\/a" is no name of a builder/],
    ["clean Builders", /^"Builders" is no name of a builder/],
    ["wake a --minutes 0", /^--minutes is "0": a whole number from 1 to 1440 is allowed$/],
    ["wake a --minutes 1h", /^--minutes is "1h"/],
    ["wake a --platform windows/amd64", /^--platform is "windows\/amd64"/],
    [
      "policy --for build",
      /^policy needs the name of a builder: the output `builderName`, which a preview shows, too$/,
    ],
    ["policy a", /^--for is missing: manage, manage-ephemeral, build, build-ephemeral, command-line are allowed$/],
    ["policy a --for admin", /^--for is "admin": manage, /],
    [
      "policy a --for build-ephemeral --namespace builds",
      /^--for is "build-ephemeral": manage, build, command-line are/,
    ],
    ["policy a --for build --namespace Builds", /^--namespace is "Builds": builds, for instance, is allowed$/],
    [
      "policy a --for build --namespace builds --region eu-west-1",
      /^--region and --namespace are for different kinds of nodes: give some of --region, --profile, --account, or of --namespace, --context$/,
    ],
    ["policy a* --for build", /^"a\*" is no name of a builder/],
    ["policy a --for build --account 1", /^--account is "1": the 12 digits of an AWS account are allowed$/],
    ["policy a --for build --region *", /^--region is "\*": eu-west-1, for instance, is allowed$/],
    ["clean --namespace builds", /^options that say where nodes are/],
    ["clean --region eu-west-1", /^options that say where nodes are are for `clean --nodes`/],
    ["clean --nodes", /^clean --nodes needs the name of a builder/],
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

describe("the command `policy`", () => {
  for (const [name, value] of [
    ["builders-1a2b3c4d", "builders-1a2b3c4d"],
    ["builders", "builders-????????"],
  ]) {
    it(`prints what is to be attached for ${name}, as JSON`, () => {
      const text = policy({ builder: name, role: "command-line", account: "111122223333" }, () => undefined);
      const { Version, Statement } = JSON.parse(text) as PolicyDocument;
      assert.deepEqual([Version, text.endsWith("}\n")], ["2012-10-17", true]);
      const connection = `arn:aws:ssm:*:111122223333:parameter/multi-platform-image/${value}/connection`;
      assert.deepEqual(Statement.at(-1), {
        Sid: "Connection",
        Effect: "Allow",
        Action: ["ssm:GetParameter"],
        Resource: [connection],
      });
    });
  }

  for (const [name, sentence] of [
    [
      "builders-1a2b3c4d",
      /^This policy counts for the builder that is registered as builders-1a2b3c4d, and for no other\. If none is, it allows nothing: .*`multi-platform-image status builders-1a2b3c4d`, tells\.$/,
    ],
    [
      "builders",
      /^This policy counts for every builder that is registered as builders- and eight digits, in whichever stack\.$/,
    ],
    ["builders-arm64", /^This policy counts for .* builders-arm64- and eight digits, in whichever stack\.$/],
    // A digit less, one more, and a letter that no hash has.
    [
      "builders-1a2b3c4",
      /; 1a2b3c4 is no hash of a builder, which has eight digits of 0-9 and a-f\. Fix, .*`builderName`\.$/,
    ],
    ["builders-1a2b3c4d5", /; 1a2b3c4d5 is no hash of a builder/],
    ["builders-1a2b3c4g", /; 1a2b3c4g is no hash of a builder/],
  ] as const) {
    it(`says beside it which builders ${name} stands for, because it asks nobody whether there are any`, () => {
      const said: string[] = [];
      policy({ builder: name, role: "build" }, (line) => said.push(line));
      assert.equal(said.length, 1);
      assert.match(said[0], sentence);
    });
  }
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

describe("a stored connection", () => {
  const builderName = "builders-1a2b3c4d";
  const node = { name: "arm64", platform: "linux/arm64", instanceId: "i-1" };
  const read = (stored: object) =>
    parseStored("/p", JSON.stringify({ builderName, nodes: [node], ...stored }), builderName);

  it("is read, also one of a release before ephemeral nodes", () =>
    assert.deepEqual(read({}), { builderName, nodes: [node], ephemeralNodes: [] }));

  for (const [title, stored, message] of [
    ["it is of another builder", { builderName: "other-1a2b3c4d" }, /the parameter \/p is of another builder\. Fix: /],
    ["its builder's name leads elsewhere", { builderName: "../.." }, /is of another builder/],
    ["a node's name leads elsewhere", { nodes: [{ ...node, name: "../../x" }] }, /a node whose name no node has/],
    ["an ephemeral node's does", { ephemeralNodes: [{ name: "a/b" }] }, /a node whose name no node has/],
  ] as const) {
    it(`is refused if ${title}`, () => assert.throws(() => read(stored), message));
  }

  it("is refused if it is no JSON, or asked for by what is no name", () => {
    assert.throws(() => parseStored("/p", "{", builderName), /the parameter \/p is no JSON\. Fix: /);
    assert.throws(() => parseStored("/p", '{"builderName":"../.."}', "../.."), /is of another builder/);
  });
});
