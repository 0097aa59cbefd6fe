import * as assert from "node:assert/strict";

import type { ImageArgs } from "@pulumi/docker-build";

import type { Listing } from "../../../components/context/listing";
import { reportInputs } from "../../../components/insights/inputs";
import { readInstructions } from "../../../components/insights/instructions";
import type { RememberedInputs } from "../../../components/insights/lastBuild";
import { maskOf } from "../../../components/insights/masking";
import { platformFindings } from "../../../components/insights/platformReport";
import { commonName } from "../../../components/insights/commonName";
import { findSteps } from "../../../components/insights/steps";
import { stepKey, whyMissed } from "../../../components/insights/reasons";
import type { NodeRecord, RecordedStep } from "../../../components/insights/readRecord";

const dockerfile = `ARG BASE=1
FROM base:\${BASE} AS build
ARG VERSION
COPY package.json ./
RUN make \${VERSION}
COPY src/ /src
FROM scratch
COPY --from=build /out /
COPY ["docs/*.md", "/docs/"]
`;

const digest = (at: number) => `sha256:${String(at).repeat(64)}`;

/** A record of that Dockerfile, as a node's daemon tells it: the steps of these numbers were not in the cache. */
function recordOf(ran: readonly number[], base = digest(1)): NodeRecord {
  const names = [
    `[build 1/4] FROM docker.io/library/base:1@${base}`,
    "[build 2/4] COPY package.json ./",
    "[build 3/4] RUN make 1.0-value",
    "[build 4/4] COPY src/ /src",
    "[stage-1 1/2] COPY --from=build /out /",
    "[stage-1 2/2] COPY docs/*.md /docs/",
  ];
  const inputs = [[], [0], [1], [2], [3], [4]];
  const steps = names.map((name, at): RecordedStep => {
    const isRun = ran.includes(at);
    const times = { started: 1_000 * at, completed: 1_000 * at + (isRun ? 900 : 0) };
    return { digest: `d${at}`, inputs: inputs[at].map((each) => `d${each}`), name, cached: !isRun, log: "", ...times };
  });
  return { ref: "r", attributes: {}, exportedNames: [], created: 0, completed: 7_000, steps, parts: [], warnings: [] };
}

const files: Record<string, Listing> = {
  old: { "package.json": "644 1", "src/a.ts": "644 1", "docs/a.md": "644 1" },
  package: { "package.json": "644 2", "src/a.ts": "644 1", "docs/a.md": "644 1" },
  source: { "package.json": "644 1", "src/a.ts": "644 2", "docs/a.md": "644 1" },
  docs: { "package.json": "644 1", "src/a.ts": "644 1", "docs/a.md": "755 1" },
};

async function inputsOf(given: Partial<RememberedInputs> = {}, text = dockerfile): Promise<RememberedInputs> {
  return {
    stages: await readInstructions(text),
    buildArgs: { VERSION: "hash" },
    others: {},
    contexts: { "": "old" },
    ...given,
  };
}

/** What is said of the first steps that were not cached, against a build in which all were. */
async function missesOf(
  ran: readonly number[],
  now: Partial<RememberedInputs> = {},
  { text = dockerfile, base = digest(1), before = {} } = {},
) {
  const node = {
    name: "n",
    address: "a",
    builderName: "b",
    platforms: ["linux/amd64" as const],
    socket: "",
    buildkit: "v1",
    wakeMilliseconds: 0,
  };
  const common = {
    platform: "linux/amd64" as const,
    isShared: false,
    node,
    noCache: false,
    listing: (at: string) => files[at],
  };
  const mask = maskOf({ VERSION: "1.0-value" }, []);
  const facts = { ...common, cacheId: "c", before: undefined, mask };
  const { memory } = platformFindings({ ...facts, record: recordOf([]), inputs: await inputsOf() });
  const inputs = await inputsOf(now, text);
  const found = platformFindings({ ...facts, record: recordOf(ran, base), inputs, before: { ...memory, ...before } });
  return found.report.steps.flatMap(({ miss }) => (miss ? [[miss.line, miss.kind, miss.reason]] : []));
}

describe("insights: why a step was not cached", () => {
  it("the file that its COPY takes, and not another", async () => {
    assert.deepEqual(await missesOf([1, 2, 3], { contexts: { "": "package" } }), [[4, "file", "changed package.json"]]);
    assert.deepEqual(await missesOf([3], { contexts: { "": "source" } }), [[6, "file", "changed src/a.ts"]]);
  });

  it("a mode, by a pattern of the JSON form", async () => {
    assert.deepEqual(await missesOf([5], { contexts: { "": "docs" } }), [
      [9, "file", "changed docs/a.md (now executable)"],
    ]);
  });

  it("an argument that RUN sees", async () => {
    assert.deepEqual(await missesOf([2, 3], { buildArgs: { VERSION: "other" } }), [
      [5, "argument", "argument VERSION changed"],
    ]);
  });

  it("steps are found with padded numbers, and where a stage is built on one platform for another", () => {
    const record = recordOf([]);
    const named = (name: string) => ({ ...record, steps: [{ ...record.steps[0], name }] });
    for (const [name, platform, stage] of [
      ["[build  2/12] COPY a /", undefined, "build"],
      ["[ 2/12] COPY a /", undefined, "stage-0"],
      ["[linux/amd64 build  2/12] COPY a /", "linux/amd64", "build"],
      ["[linux/amd64->arm64 build 2/4] COPY a /", "linux/arm64", "build"],
      ["[linux/amd64->arm/v7 2/4] ONBUILD COPY a /", "linux/arm/v7", "stage-0"],
      ["[linux/amd64->windows/amd64 2/4] COPY a /", undefined, "stage-0"],
    ] as const) {
      const [step] = findSteps(named(name), undefined, (text) => text);
      assert.deepEqual([step?.platform, step?.stage, step?.command], [platform, stage, "COPY a /"], name);
      assert.match(commonName(name), /^\[(build )? *2\//);
    }
  });

  it("an argument is no reason of a COPY that does not mention it", async () => {
    const [[, kind]] = await missesOf([1], { buildArgs: { VERSION: "other" } });
    assert.equal(kind, "cache lost");
  });

  it("a line of the Dockerfile, also one that is no step", async () => {
    const changed = dockerfile.replace("RUN make", "RUN make -j");
    assert.deepEqual(await missesOf([2], {}, { text: changed }), [
      [5, "Dockerfile", "line 5 of the Dockerfile changed"],
    ]);
    const declared = dockerfile.replace("ARG VERSION", "ARG VERSION=2");
    assert.deepEqual(await missesOf([2], {}, { text: declared }), [
      [5, "Dockerfile", "line 3 of the Dockerfile changed"],
    ]);
  });

  it("what changes an image's configuration alone is no reason", async () => {
    const labelled = dockerfile.replace("ARG VERSION", "LABEL a=b\nARG VERSION");
    assert.equal((await missesOf([2], {}, { text: labelled }))[0][1], "cache lost");
  });

  it("a base image that has moved, before what changed after it", async () => {
    const found = await missesOf([1, 2], { contexts: { "": "package" } }, { base: digest(2) });
    assert.deepEqual(found, [
      [4, "base image", "base image docker.io/library/base:1 moved from sha256:111111111111 to sha256:222222222222"],
    ]);
  });

  it("a lost cache, where all is known to be the same; and of another node or cache, that", async () => {
    assert.match((await missesOf([2]))[0].join(" "), /^5 cache lost nothing .* no longer in the cache of node n$/);
    assert.match(
      (await missesOf([2], {}, { before: { cacheId: "x" } }))[0].join(" "),
      /another node, or node n has a new cache$/,
    );
  });

  for (const [what, now, options, reason] of [
    [
      "files that are not known",
      { contexts: { "": "gone" } },
      {},
      /the files that its context had before are not known/,
    ],
    ["another BuildKit", {}, { before: { buildkit: "v0" } }, /BuildKit v0 is v1 now/],
    ["a step that was not needed before", {}, { before: { steps: [] as string[] } }, /did not need this step/],
    ["a Dockerfile that is not at hand", { stages: undefined }, {}, /the Dockerfile's text is not known/],
    ["a base image without a digest before", {}, { before: { baseImages: {} } }, /had before is not known/],
  ] as const) {
    it(`${what}: unknown, and no guess`, async () => {
      const [[, kind, said]] = await missesOf([2], now, options);
      assert.equal(kind, "unknown");
      assert.match(`${said}`, reason);
    });
  }

  it("is found in good time where each of 200 stages takes from the one before in two ways", async () => {
    const stages = Array.from({ length: 200 }, (_, at) => `FROM s${at} AS s${at + 1}\nCOPY --from=s${at} /a /b\n`);
    const text = `FROM scratch AS s0\nCOPY src/ /a\n${stages.join("")}`;
    const inputs = await inputsOf({}, text);
    const { name: stage, instructions } = inputs.stages!.at(-1)!;
    const instruction = instructions.at(-1)!;
    const common = { cacheId: "c", node: "n", buildkit: "v1" };
    const before = { ...common, steps: [stepKey(stage, instruction)], baseImages: {}, inputs };
    const now = { ...common, inputs: { ...inputs, contexts: { "": "source" } }, steps: [], noCache: false };
    const step = { stage, instruction, command: "COPY", isBase: false, state: "run", seconds: 1 } as const;
    const begin = performance.now();
    const found = whyMissed({ ...step, recorded: recordOf([]).steps[0] }, { before, now, listing: (at) => files[at] });
    assert.ok(performance.now() - begin < 1_000, `${performance.now() - begin} ms`);
    assert.deepEqual(found, { kind: "file", reason: "changed src/a.ts" });
  });

  it("no value of an argument is in a base image's name, neither in the report nor in what is kept", async () => {
    const record = recordOf([]);
    const steps = record.steps.map((step) => ({ ...step, name: step.name.replace("docker.io", "hub.secret-tenant") }));
    const node = { name: "n", address: "a", builderName: "b", platforms: [], socket: "", buildkit: "v1" };
    const found = platformFindings({
      platform: "linux/amd64",
      isShared: false,
      node: { ...node, wakeMilliseconds: 0 },
      record: { ...record, steps },
      cacheId: "c",
      inputs: await inputsOf(),
      before: undefined,
      noCache: false,
      listing: () => undefined,
      mask: maskOf({ HUB: "hub.secret-tenant" }, []),
    });
    assert.equal(found.report.baseImages[0].name, "${HUB}/library/base:1");
    assert.doesNotMatch(JSON.stringify(found), /secret-tenant/);
  });

  it("no login of a Git context is in what is kept", async () => {
    const location = "https://user:token-1234@github.com/acme/app.git#main";
    const { remembered } = await reportInputs({ context: { location } } as ImageArgs, "salt", []);
    assert.deepEqual(remembered.contexts, { "": "https://github.com/acme/app.git#main" });
  });

  it("two stages may each have one, and what follows a miss has none", async () => {
    const found = await missesOf([3, 5], { contexts: { "": "source" } });
    assert.deepEqual(
      found.map(([line, kind]) => [line, kind]),
      [
        [6, "file"],
        [9, "file"],
      ],
    );
  });
});
