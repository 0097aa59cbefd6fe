import * as assert from "node:assert/strict";

import { parsePs, providerProcesses } from "../../../components/session/providerProcess";

describe("the provider's process", () => {
  const process = (pid: number, parent: number, program: string, ...words: string[]) => ({
    pid,
    parent,
    program,
    words,
  });
  const provider = "/plugins/resource-docker-build-v0.0.22/pulumi-resource-docker-build";
  const engine = [
    process(1, 0, "init"),
    process(10, 1, "pulumi"),
    process(11, 10, "pulumi-language-nodejs"),
    process(12, 11, "node"),
  ];

  it("is a child of the engine that started this program", () => {
    const others = [process(20, 1, "pulumi"), process(21, 20, provider)];
    assert.deepEqual(providerProcesses([...engine, process(13, 10, provider), ...others], 12), [13]);
    assert.deepEqual(providerProcesses([...engine, ...others], 12), []);
  });

  it("is a child of the engine that this program started, where that is one", () => {
    const program = [process(1, 0, "init"), process(5, 1, "node"), process(10, 5, "pulumi"), process(13, 10, provider)];
    assert.deepEqual(providerProcesses(program, 5), [13]);
    assert.deepEqual(providerProcesses([...program, process(30, 5, "pulumi"), process(31, 30, provider)], 5), []);
  });

  it("is the one that was started with the address of this program's engine, where a process has several", () => {
    const engines = [process(1, 0, "init"), process(5, 1, "node"), process(10, 5, "pulumi"), process(30, 5, "pulumi")];
    const both = [process(13, 10, provider, "127.0.0.1:4000"), process(31, 30, provider, "127.0.0.1:4001")];
    for (const [address, pids] of [
      ["127.0.0.1:4000", [13]],
      ["127.0.0.1:4001", [31]],
      ["127.0.0.1:400", []],
      [undefined, []],
    ] as const) {
      assert.deepEqual(providerProcesses([...engines, ...both], 5, address), pids);
    }
    // An engine that tells its address in another way.
    assert.deepEqual(providerProcesses([...engines, process(13, 10, provider)], 5, "127.0.0.1:4000"), [13]);
  });

  it("is found in what macOS's ps says, also where a path has blanks in it", () => {
    const table = `    1     0 /sbin/launchd\n   13    10 /Users/a b${provider} 127.0.0.1:4000\n`;
    assert.deepEqual(
      parsePs(table).map(({ pid, parent, program, words }) => [pid, parent, program, words[0]]),
      [
        [1, 0, "/sbin/launchd", ""],
        [13, 10, `/Users/a b${provider}`, "127.0.0.1:4000"],
      ],
    );
  });

  it("is none where this machine's processes have none for this one", () => {
    assert.deepEqual(providerProcesses(undefined, 1), []);
  });
});
