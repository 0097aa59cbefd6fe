import * as assert from "node:assert/strict";

import * as fc from "fast-check";

import { cleanConsole, failureIn, newestBoot, tail } from "../../../../../components/nodes/ec2/run/console";
import { itEnds, runs, textOf } from "../../../support/hostile";

describe("a console that anybody writes to", () => {
  it("is told without what drives a terminal", () => {
    const words = [
      "\x1b[",
      "31m",
      "\x1b]0;",
      "\x07",
      "\x1b\\",
      "\r",
      "\n",
      "\x9b",
      "\x00",
      "Linux version 6",
      "token=",
      "é",
      "😀",
    ];
    const check = (raw: string) => {
      const text = cleanConsole(raw);
      assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      assert.ok(newestBoot(text).length <= text.length);
      assert.ok(tail(text, 3).length <= 3);
      assert.ok(["string", "undefined"].includes(typeof failureIn(text)));
    };
    fc.assert(fc.property(textOf(...words), check), runs);
  });

  const parts = [
    "a",
    "token ",
    "-----BEGIN A-----",
    "\x1b",
    "\x1b]",
    "\x1b[0",
    "\r",
    "\r\n",
    "a\r",
    "AKIA",
    "https://a",
    "=",
    "\n",
  ];
  itEnds("its text", (text) => [cleanConsole(text), newestBoot(text), failureIn(text), tail(text, 9)], parts, 64 << 10);
});
