import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { execute } from "../hosts";
import type { Machines } from "./fixture";
import { trusting } from "./image";
import { endLocalDaemons } from "./processes";
import { type Spec, Stack, temporaryDirectory, waitFor } from "./stack";

/** A party that falls silent. */
export interface Silence {
  party: string;
  /** What the update says in the end. */
  told: RegExp;
  /** At most, from the first hook on. */
  seconds: number;
  /** Has the party fall silent, and gives all that is said until the end. */
  end: () => Promise<string>;
}

/** How long a node that does not answer is waited for. */
export const wakeTimeoutSeconds = 20;

/** A node whose loopback is this machine's, where registries need no TLS. */
export const localNode = { kind: "local", platform: "linux/amd64" };

export const plain = "FROM scratch\nCOPY Dockerfile /\n";

/** Updates with parties that fall silent, side by side: most of it is waiting. */
export class Silences {
  private readonly servers: net.Server[] = [];
  private readonly local: Stack[] = [];
  private readonly ended = new Map<string, { seconds: number; said: string }>();

  constructor(readonly machines: Machines) {}

  async measureAll(parties: readonly Silence[]): Promise<void> {
    const done = await Promise.allSettled(parties.map((each) => this.measure(each)));
    done.forEach((each) => each.status === "rejected" && console.log(each.reason));
    const rows = parties.map(({ party, told }) => {
      const { seconds, said } = this.ended.get(party) ?? { seconds: NaN, said: "" };
      return `      ${party} | ${seconds.toFixed(0)} s | ${told.exec(said)?.[0].replace(/\s+/g, " ") ?? "?"}`;
    });
    console.log(["      silent party | until the update ended | its sentence", ...rows].join("\n"));
  }

  check({ party, told, seconds }: Silence): void {
    const found = this.ended.get(party);
    assert.match(found?.said ?? "", told);
    assert.ok(found && found.seconds < seconds, `${found?.seconds} s`);
  }

  async close(): Promise<void> {
    this.servers.forEach((server) => server.close());
    for (const stack of this.local) {
      await endLocalDaemons(stack);
    }
  }

  private async measure({ party, end }: Silence): Promise<void> {
    const begin = Date.now();
    const said = await end();
    // Of an update, from its first hook on: Pulumi's own start takes as long as other tests let it.
    const [, seconds = (Date.now() - begin) / 1_000] = /^seconds: (\S+)$/m.exec(said) ?? [];
    this.ended.set(party, { seconds: Number(seconds), said });
  }

  /** Where it listens on an address, with the connections before it falls silent handed on. */
  async silent(address: string, handOn?: (socket: net.Socket) => unknown): Promise<string> {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      handOn?.(socket);
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return `${address}:${(server.address() as net.AddressInfo).port}`;
  }

  async updated(stack: Stack, meanwhile?: (pid: number | undefined) => Promise<void>): Promise<string> {
    const up = stack.start("up", "--yes", "--skip-preview");
    // Where the log waits for the image, no line comes before the end.
    if (!stack.spec().logs) {
      await waitFor("the first hook", () => up.output().includes("building image app"), 300);
    }
    const begin = Date.now();
    await meanwhile?.(up.child.pid);
    const { code, output } = await up.done;
    assert.notEqual(code, 0, output);
    return `${output}\nseconds: ${(Date.now() - begin) / 1_000}\n`;
  }

  async stackOf(nodes: object[], dockerfile: string, app: object = {}, spec: Partial<Spec> = {}): Promise<Stack> {
    const { registry } = this.machines;
    const isLocal = nodes.some((node) => (node as { kind: string }).kind === "local");
    const programs = temporaryDirectory("programs");
    fs.symlinkSync((await execute(["sh", "-c", "command -v git"])).trim(), path.join(programs, "git"));
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${registry.host}/s:1`], ...app };
    const stack = await Stack.create(
      { builder: { nodes, wakeTimeoutSeconds }, images: { app: image }, ...spec },
      { environment: trusting(registry), programs, onPath: await prepareTools(["buildkitd", "runc"]) },
    );
    stack.write("app/Dockerfile", dockerfile);
    if (isLocal) {
      this.local.push(stack);
    }
    return stack;
  }
}
