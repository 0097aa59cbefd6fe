import * as assert from "node:assert/strict";

import * as fc from "fast-check";

import { anyCharacter, anyFolders } from "../../../components/context/expressionSteps";
import { IgnorePatterns } from "../../../components/context/ignorePatterns";
import { LinearExpression } from "../../../components/context/linearExpression";
import { itEnds, runsOf, textOf, withSentence } from "../support/hostile";

const wildcards = ["[^/]*", "[^\\n]*", anyFolders, anyCharacter];
const others = ["a", "b", "/", "[ab]", "[^a]", "[\\]a]", "\\.", "\\b", "\\B", "\\d", "\\x61", "|", "^", "{", "}"];
const counted = ["a{2}", "[ab]{1,2}", "b{0,}", "{2}", "é", "😀"];

describe("patterns of .dockerignore that anybody wrote", () => {
  it("match what JavaScript's own expressions match", () => {
    const source = fc.array(fc.constantFrom(...wildcards, ...others, ...counted), { maxLength: 7 });
    const text = fc.array(fc.constantFrom("a", "b", "/", ".", "1", " ", "\n", "é"), { maxLength: 7 });
    const check = (parts: string[], characters: string[]) => {
      const [expression, tried] = [parts.join(""), characters.join("")];
      let expected: boolean | undefined;
      try {
        expected = new RegExp(`^${expression}$`).test(tried);
      } catch {
        assert.throws(() => new LinearExpression(expression), SyntaxError);
        return;
      }
      const linear = new LinearExpression(expression);
      assert.equal(linear.test(tried), expected);
      assert.equal(linear.test(tried), expected, "and again, as it is remembered");
    };
    fc.assert(fc.property(source, text, check), runsOf(3_000));
  });

  it("match, or are refused with a sentence", () => {
    const words = [
      "*",
      "**",
      "/",
      "?",
      "[",
      "]",
      "^",
      "-",
      "\\",
      "!",
      "a",
      "{1,3}",
      "{",
      "|",
      ".",
      "(",
      " ",
      "\n",
      "#",
      "$",
      "😀",
    ];
    const check = (text: string, file: string) =>
      void withSentence(() => new IgnorePatterns("x", text).match(file, undefined));
    fc.assert(fc.property(textOf(...words), textOf("a", "/", ".", "b"), check), runsOf(1_000));
  });

  it("are refused where their repetitions would take hours", () => {
    for (const line of ["[a-z]{0,900}x?", "?{0,3000}x?", "a{99999}"]) {
      const text = Array.from({ length: 20 }, (_, at) => `${line}${at}`).join("\n");
      assert.throws(
        () => new IgnorePatterns("x", text),
        /^BuildError: x: its patterns have \d+ repetitions .* at most 1000/,
      );
    }
  });

  const longPath = `x${"/aaaaaaaa".repeat(450)}`;
  const match = (file: string) => (text: string) =>
    withSentence(() => new IgnorePatterns("x", text).match(file, undefined));
  itEnds(
    "a line",
    match(longPath),
    ["*a", "**/*a", "?*", "[a]{1,900}", "a{1,90}", "[", "\\", "!", "a|", "**", "(*)"],
    1_000,
  );
  itEnds("a list", match(longPath), ["**/*a*/b\n", "!*a*a*a*b\n", "\n", " \r\n"], 1_000);
  itEnds("a name", (file) => new IgnorePatterns("x", `${"**/*a".repeat(20)}z`).match(file, undefined), [
    "a/",
    "/",
    "ab",
    "😀",
  ]);
});
