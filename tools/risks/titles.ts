import * as fs from "node:fs";
import * as path from "node:path";

import * as ts from "typescript";

import { ROOT } from "../testing/testFile";
import type { Proof } from "./row";

/** The file of a proof's test, relative to the project. */
export function fileOf([file]: Proof): string {
  return file.startsWith("machine/")
    ? `components/nodes/ec2/machine/tests/${path.basename(file)}.py`
    : `test/${file}.test.ts`;
}

/** Whether the sources have a test of that title in that file. */
export function isThere(proof: Proof, read = readSource): boolean {
  const source = read(fileOf(proof));
  const titles = fileOf(proof).endsWith(".py") ? pythonTitles(source) : mochaTitles(source);
  const [, wanted] = proof;
  return titles.some((title) => patternOf(title).test(wanted) || patternOf(wanted).test(title));
}

/** What a title is with any text in place of each …. */
export function patternOf(title: string): RegExp {
  const parts = title.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

function readSource(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), { encoding: "utf8" });
}

function pythonTitles(source: string): string[] {
  return [...source.matchAll(/^ +def (test_\w+)\(/gm)].map(([, name]) => name);
}

/** The first argument of each call of `it`, with … for the values in it. */
function mochaTitles(source: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /(^|\.)it$/.test(node.expression.getText()) && node.arguments.length > 1) {
      const [title] = node.arguments;
      titles.push(textOf(title));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("tests.ts", source, ts.ScriptTarget.ES2022, true));
  return titles;
}

function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  return ts.isTemplateExpression(node)
    ? node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("")
    : "…";
}
