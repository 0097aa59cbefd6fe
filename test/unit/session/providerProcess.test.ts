import * as assert from "node:assert/strict";

import { providerProcesses } from "../../../components/session/providerProcess";

describe("the provider's process", () => {
  const process = (pid: number, parent: number, program: string) => ({ pid, parent, program });
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

  it("is none where this machine's processes have none for this one", () => {
    assert.deepEqual(providerProcesses(undefined, 1), []);
  });
});
