import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { endHolder, holdersIn, serveAsHolder } from "../../../components/transport/holders";
import { temporaryDirectory } from "../../main/stack";

describe("a process that holds nodes for this machine", () => {
  let folder: string;

  beforeEach(() => {
    folder = temporaryDirectory("hold");
  });

  it("says until when, to this user alone, and hears how it is to end", async () => {
    const until = new Date("2026-11-21T10:59:13Z");
    const heard: string[] = [];
    await serveAsHolder(folder, until, (how) => heard.push(how));
    const [holder] = await holdersIn(folder);
    assert.deepEqual(holder.until, until);
    assert.equal(fs.statSync(holder.socket).mode & 0o777, 0o600);
    await endHolder(holder, "yield");
    // A client that goes without a word has asked for nothing.
    const silent = net.connect(holder.socket);
    await new Promise((resolve) => silent.once("data", resolve));
    silent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(heard, ["yield"]);
  });

  it("is none where nobody listens, or something else lies in the folder", async () => {
    fs.writeFileSync(path.join(folder, "hold.0123abcd.sock"), "");
    fs.writeFileSync(path.join(folder, "amd64.sock"), "");
    assert.deepEqual(await holdersIn(folder), []);
    assert.deepEqual(await holdersIn(path.join(folder, "none")), []);
    await endHolder({ socket: path.join(folder, "hold.0123abcd.sock"), until: new Date() }, "end");
  });
});
