import * as assert from "node:assert/strict";

import { explainStart } from "../../../components/nodes/remote/run/container";
import { describeFailure } from "../../../components/transport/failures";
import { withProgress } from "../../../components/cli/withProgress";
import { BuildError } from "../../../components/support/errors";
import { formatTable } from "../../../components/support/tables";
import { inOneLine, plainText } from "../../../components/support/plainText";

const hostile = "\x1b]0;title\x07\x1b]52;c;aWQ=\x1b\\one\x1b[2J\x1b[31m two\x9b2J\r\nthree\rfour\tfive\x00\x08\x7f";

describe("words of others", () => {
  it("lose what a terminal obeys, and keep lines and tabs", () =>
    assert.equal(plainText(hostile), "one two2J\nthree\nfour\tfive"));

  it("are one line where they have names of files", () =>
    assert.equal(
      inOneLine("context: changed a\n::set-env name=X::y\x1b[2J"),
      "context: changed a ::set-env name=X::y",
    ));

  it("do so in time that grows with their length alone", () => {
    const start = Date.now();
    for (const part of ["\x1b]", "\x1b[", "\r", "\x1b[0", "\x9b"]) {
      plainText(part.repeat(200_000));
    }
    assert.ok(Date.now() - start < 2_000);
  });

  it("do so in errors, of ssh hosts and of daemons", () => {
    const { cause } = explainStart(1, `docker: failed \x1b[2J${hostile}`);
    for (const said of [cause, describeFailure(new Error(hostile)).cause]) {
      assert.doesNotMatch(new BuildError(`node arm64: ${said}`).message, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    }
  });

  it("do so in the command line's tables, in which none begins a row", () => {
    const table = formatTable(["HELD BY", "UNTIL"], [[`up-\n::error::${hostile}`, undefined]]);
    assert.deepEqual(table.split("\n").slice(1), [`up- ::error::${inOneLine(hostile)}  -`, ""]);
  });

  it("do so in the command line's lines", async () => {
    const written: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    try {
      await withProgress("waking", (progress) => Promise.resolve(progress(`warned: ${hostile}`)));
    } finally {
      process.stderr.write = write;
    }
    assert.deepEqual(written, [`warned: ${plainText(hostile)}\n`]);
  });
});
