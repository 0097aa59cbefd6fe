import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import * as ts from "typescript";

const root = path.resolve(__dirname, "../../..");
const page = path.join(root, "docs/troubleshooting.md");

/** Words on the page that others say: whoever they are, we can't check them here. */
const wordsOfOthers: Record<string, string> = {
  "exec format error": "the kernel, by runc",
  "no match for platform in manifest": "BuildKit",
  "unable to verify image tags": "docker-build",
  "deleting EBS Volume (…) Attachment (…): …": "the aws provider",
  "reading SSM Parameter metadata": "the aws provider",
  "no matching EC2 VPC found": "the aws provider",
  "InvalidInstanceID.NotFound": "EC2",
  "The image tag '…' already exists in the '…' repository and cannot be overwritten because the tag is immutable":
    "ECR",
  'no builder "…" found': "buildx",
  "Duplicate resource URN '…' conflicting with alias on resource with URN '…'": "Pulumi",
  "node …: …permission denied while trying to connect…": "Docker",
};

// What stands for a value in a message on the page: an ellipsis, or an example of the value. And where messages are put
// together: at a colon, a bracket, and around the name of an argument.
const seams = /https:\/\/…|\bi-…|…|linux\/\w+|\b\d+\b|: |[()`]/;
// Shorter ones are words of any message.
const leastLetters = 12;

describe("docs/troubleshooting.md", () => {
  const said = [
    ...typescriptTexts(path.join(root, "components")),
    ...pythonTexts(path.join(root, "components/nodes/ec2/machine")),
  ];
  const messages = readMessages();

  it("has a table of messages for each part", () => assert.ok(messages.length > 60, String(messages.length)));

  for (const message of messages.filter((each) => !Object.hasOwn(wordsOfOthers, each))) {
    it(`quotes what is really said: ${message}`, () => {
      const parts = fragments(message);
      // Of short parts the whole must be there.
      const whole = message.replaceAll(/i-…/g, "…");
      const unsaid = (parts.length > 0 ? parts : [whole]).filter((part) => !said.some((text) => text.includes(part)));
      assert.deepEqual(unsaid, [], "no source says that: correct the page");
    });
  }

  it("has no words of others that are not on the page", () => {
    assert.deepEqual(
      Object.keys(wordsOfOthers).filter((each) => !messages.includes(each)),
      [],
    );
  });
});

/** All that is quoted in the first columns of the page's tables. */
function readMessages(): string[] {
  const rows = fs
    .readFileSync(page, "utf8")
    .split("\n")
    .filter((line) => /^\| .*`/.test(line));
  return rows.flatMap((row) => {
    const [, first] = row.split(" | ")[0].split(/^\| /);
    const quoted = [...first.matchAll(/(`+)(.+?)\1(?!`)/g)].map(([, , text]) => text.trim());
    return quoted.map((text) => text.replace(/^warning: /, ""));
  });
}

/** The fixed parts of a message that are long enough to be told from others. */
function fragments(message: string): string[] {
  const parts = message.split(new RegExp(seams, "g")).map((part) => part.replace(/^[\s:,.]+|[\s:,]+$/g, ""));
  const long = parts.filter((part) => part.length >= leastLetters);
  return long.length > 0 ? long : parts.filter((part) => part.length >= leastLetters / 2);
}

/** Every text in the sources, with an ellipsis for each value in it. */
function typescriptTexts(folder: string): string[] {
  const texts: string[] = [];
  for (const file of filesOf(folder, ".ts")) {
    const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
    const visit = (node: ts.Node): void => {
      const text = textOf(node);
      if (text !== undefined) {
        texts.push(text);
      }
      // Values in a text may hold texts of their own.
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return texts;
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? "…"}${right ?? "…"}`;
  }
  return ts.isParenthesizedExpression(node) ? textOf(node.expression) : undefined;
}

/** The sources as a whole, with strings that stand side by side as one, as Python takes them. */
function pythonTexts(folder: string): string[] {
  return filesOf(folder, ".py").map((file) =>
    fs
      .readFileSync(file, "utf8")
      .replace(/"\s*\n\s*f?"/g, "")
      .replace(/\{[^{}]*\}/g, "…"),
  );
}

function filesOf(folder: string, extension: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension) && !entry.parentPath.endsWith("tests"))
    .map((entry) => path.join(entry.parentPath, entry.name));
}
