import * as assert from "node:assert/strict";

import * as fc from "fast-check";

import { readDockerfile } from "../../../components/baseImages/parse";
import { expand } from "../../../components/baseImages/expand";
import { neededImages } from "../../../components/baseImages/needed";
import { itEnds, runs, runsOf, textOf } from "../support/hostile";

const needed = async (text: string, target?: string) => {
  const dockerfile = await readDockerfile(text);
  const inputs = { target, buildArgs: { A: "$B" }, named: new Map([["node", "docker-image://debian"]]) };
  return dockerfile && neededImages(dockerfile, "linux/arm64", "linux/amd64", inputs);
};

describe("a Dockerfile that anybody wrote", () => {
  it("is read", async () => {
    const instructions = [
      "FROM ",
      "ARG ",
      "COPY ",
      "RUN ",
      "ONBUILD ",
      "from ",
      "\n",
      "\r\n",
      "\\\n",
      " AS ",
      "<<EOF\n",
      "EOF\n",
    ];
    const flags = [
      "--from=",
      "--platform=",
      "--mount=type=bind,from=",
      "# syntax=docker/dockerfile:1\n",
      "# escape=`\n",
    ];
    const words = [
      "$",
      "${",
      "}",
      ":-",
      ":+",
      "=",
      "A",
      "0",
      "scratch",
      "node:20",
      '"',
      "'",
      "`",
      "\t",
      "🐳",
      "\0",
      "@sha256:",
    ];
    const text = textOf(...instructions, ...flags, ...words);
    await fc.assert(
      fc.asyncProperty(text, fc.option(fc.string(), { nil: undefined }), async (...all) => void (await needed(...all))),
      runsOf(500),
    );
  });

  it("has words that are replaced, or not known", () => {
    const values = new Map([
      ["A", "a"],
      ["B", undefined],
      ["C", ""],
    ]);
    const check = (word: string) => assert.ok(["string", "undefined"].includes(typeof expand(word, values)));
    fc.assert(
      fc.property(textOf("$", "${", "}", ":-", ":+", "-", "+", "A", "B", "C", "\\", "'", '"', "{"), check),
      runs,
    );
  });

  it("may double its variables for ever, and have more stages than calls fit in each other", async () => {
    const doubled = Array.from({ length: 60 }, (_, at) => `ARG A${at + 1}=$A${at}$A${at}`);
    assert.deepEqual(await needed(["ARG A0=x", ...doubled, "FROM $A60"].join("\n")), []);
    const stages = Array.from({ length: 12_000 }, (_, at) => `FROM s${at} AS s${at + 1}`);
    assert.deepEqual(
      (await needed(["FROM debian AS s0", ...stages].join("\n")))?.map(({ ref }) => ref),
      ["debian"],
    );
  });

  itEnds("a word", (text) => expand(text, new Map()), ["${A:-", "$A", "${", "}", '"', "{"]);
  itEnds("a file", (text) => needed(text), [
    "FROM a AS b\n",
    "FROM ",
    "\\\n",
    "\n",
    "ARG A=$A$A\n",
    "# a=b\n",
    "${",
    '"',
  ]);
  itEnds("a stage", (text) => needed(`FROM a\nRUN ${text}`), ["--mount=from=a ", "<<E ", "\\\n", "'", "a "]);
});
