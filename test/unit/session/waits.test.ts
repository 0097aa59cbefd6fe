import * as assert from "node:assert/strict";

import { isAdding, type WaitLimits, waitOf, type WatchedStep } from "../../../components/session/waits";

const limits: WaitLimits = { askedLooks: 18, addedLooks: 30, pushedLooks: 9, fetchedLooks: 9 };
const digest = "a".repeat(64);
const base = `[1/3] FROM r.example/base:1@sha256:${digest}`;
const url = "https://ci:secret@files.example/x.tar?signature=secret";

describe("what a step waits for", () => {
  let asked: string[];

  function wait(name: string, given: Partial<WatchedStep> = {}, cacheServers?: string[]) {
    asked = [];
    const silent = (location: string) => Promise.resolve(asked.push(location) > 0);
    const world = { isGitServerSilent: silent, isServerSilent: silent };
    return waitOf({ name, parts: [], isSource: true, ...given }, "amd64", { cacheServers }, world, limits);
  }

  const byTime: [what: string, looks: number, name: string, given?: Partial<WatchedStep>][] = [
    [
      "the registry of base image r.example/base:1 has not answered",
      18,
      "[internal] load metadata for r.example/base:1",
    ],
    [
      `the registry of base image r.example/base:1@sha256:${digest} has sent node amd64 nothing`,
      18,
      base,
      { parts: [`sha256:${digest} 1000000`] },
    ],
    [
      "a server of `ADD https://files.example/x.tar?signature=secret /` has not begun to answer",
      30,
      `[2/2] ADD ${url} /`,
    ],
    [
      "a server of `ADD --checksum=sha256:1 http://h/x /` has",
      30,
      "[linux/amd64 a 2/2] ADD --checksum=sha256:1 http://h/x /",
    ],
    ["a server of `load remote build context` has", 30, "[internal] load remote build context"],
  ];
  for (const [what, looks, name, given] of byTime) {
    it(`is ended by time: ${what}`, () => {
      const found = wait(name, given);
      assert.ok(found?.what(10).startsWith(what), found?.what(10));
      assert.equal(found && "because" in found.by && found.by.most, looks);
    });
  }

  const byAsking: [what: string, times: number, servers: string[], name: string, given?: Partial<WatchedStep>][] = [
    [
      "nothing has moved for 10 s in what node amd64 writes to the cache",
      3,
      ["https://r.example/v2/"],
      "exporting cache to registry",
      { parts: [`writing layer sha256:${digest} 0`], isSource: false },
    ],
    [
      "`ADD https://files.example/x.tar?signature=secret /` has been at its download for 10 s",
      6,
      ["https://files.example/"],
      `[2/2] ADD ${url} /`,
      { isAnswered: true },
    ],
    [
      "node amd64 has been fetching https://git.example/x.git#main for 10 s",
      6,
      ["https://ci:secret@git.example/x.git#main"],
      "[2/2] ADD https://ci:secret@git.example/x.git#main /x",
    ],
  ];
  for (const [what, times, servers, name, given] of byAsking) {
    it(`is ended by asking from here: ${what}`, async () => {
      const found = wait(name, given, ["https://r.example/v2/"]);
      assert.ok(found?.what(10).startsWith(what), found?.what(10));
      const by = found && "isSilent" in found.by ? found.by : undefined;
      assert.equal(by?.most, times);
      assert.equal(await by?.isSilent?.(), true);
      assert.deepEqual(asked, servers);
      assert.doesNotMatch(found?.what(10) ?? "", /ci:secret/);
    });
  }

  it("is said of a cache whose server is not known, and nobody is asked", async () => {
    const found = wait("exporting cache to GitHub Actions Cache", { parts: ["writing layer sha256:1 0"] });
    assert.ok(found && "isSilent" in found.by);
    assert.deepEqual([await found.by.isSilent?.(), asked], [false, []]);
  });

  const working: [title: string, name: string, given?: Partial<WatchedStep>][] = [
    ["a step that runs", "[2/2] RUN make"],
    ["an ADD that unpacks what it has", `[2/2] ADD ${url} /`, { isSource: false }],
    ["a base image whose layer is unpacked", base, { parts: [`sha256:${digest} 5`, `extracting sha256:${digest} 0`] }],
    ["a base image that is there", base],
    ["an image that is made", "exporting to image", { parts: ["exporting layers 0"], isSource: false }],
    ["a cache that is put together", "exporting cache to registry", { parts: ["preparing build cache for export 0"] }],
    ["a RUN that speaks of ADD", '[2/2] RUN echo "ADD http://h/x /"'],
  ];
  for (const [title, name, given] of working) {
    it(`is nothing for ${title}`, () => assert.equal(wait(name, given), undefined));
  }

  it("is a download of an ADD, and no repository's", () => {
    const of = (name: string) => isAdding({ name, parts: [], isSource: true });
    assert.deepEqual(["[1/1] ADD http://h/x /", "[1/1] ADD http://h/x.git /", "[1/1] COPY a /"].map(of), [
      true,
      false,
      false,
    ]);
  });
});
