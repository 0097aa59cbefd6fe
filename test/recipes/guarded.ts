/** A registry that asks for a login, and stacks with two nodes that push to it. */
import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { request } from "node:https";

import { prepareTools } from "../../tools";
import { type NamespaceNode, type Registry, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines } from "../main/fixture";
import { inspectIndex, skopeo, trusting } from "../main/image";
import { endLocalDaemons } from "../main/processes";
import { Stack } from "../main/stack";

export interface Pushed {
  indexDigest: string;
  ref: string;
  platformDigests: Record<string, string>;
}

export interface Index {
  manifests: { digest: string }[];
}

export class GuardedRegistry {
  /** As Docker's own configuration has it. */
  readonly login: { auths: Record<string, { auth: string }> };
  private readonly stacks: Stack[] = [];

  private constructor(
    private readonly registry: Registry,
    readonly password: string,
    private node: NamespaceNode,
    /** Of a first image, for stacks that write no other. */
    private readonly dockerfile: string,
  ) {
    this.login = { auths: { [registry.host]: { auth: Buffer.from(`builder:${password}`).toString("base64") } } };
  }

  static async open(dockerfile: string): Promise<GuardedRegistry> {
    const { run, network, authority } = await getMachines();
    const password = crypto.randomUUID();
    const credentials = { username: "builder", password };
    const registry = await startRegistry(run, authority, { address: network.address, credentials });
    return new GuardedRegistry(registry, password, await startNode(registry), dockerfile);
  }

  private get credentials(): string {
    return `builder:${this.password}`;
  }

  get host(): string {
    return this.registry.host;
  }

  tag(name = "1"): string {
    return `${this.host}/login:${name}`;
  }

  /** As an image's argument. */
  get registries() {
    return [{ address: this.host, username: "builder", password: this.password }];
  }

  async stackWith(app: object, environment: NodeJS.ProcessEnv = {}): Promise<Stack> {
    const onPath = await prepareTools(["buildkitd", "runc"]);
    const options = { environment: { ...trusting(this.registry), ...environment }, onPath };
    const stack = await Stack.create({ builder: {}, images: {} }, options);
    this.stacks.push(stack);
    this.declare(stack, app);
    stack.write("app/Dockerfile", this.dockerfile);
    stack.write("app/word", "one");
    return stack;
  }

  /** One image of a node in a namespace, and of one of this machine, which can't run what it builds. */
  declare(stack: Stack, app: object, additionalPlatforms?: string[]): void {
    const builder = {
      nodes: [
        { ...this.node.remoteNode(), name: "one", additionalPlatforms },
        { kind: "local", platform: "linux/arm64", name: "two" },
      ],
    };
    const common = { context: "./app", platforms: ["linux/amd64", "linux/arm64"] };
    stack.declare({ builder, images: { app: { ...common, tags: [this.tag()], ...app } } });
  }

  /** Another machine as node "one", which has built nothing yet. */
  async replaceNode(): Promise<void> {
    this.node = await startNode(this.registry);
  }

  async pushedBy(stack: Stack, ...options: string[]): Promise<Pushed & { output: string }> {
    const { code, output } = await stack.up(...options);
    assert.equal(code, 0, output);
    return { ...(await stack.outputs<{ app: Pushed }>()).app, output };
  }

  async inspect<T>(ref: string, ...options: string[]): Promise<T> {
    const access = ["--creds", this.credentials, "--cert-dir", this.registry.certificateFolder];
    return JSON.parse(await skopeo("inspect", "--raw", ...options, ...access, `docker://${ref}`)) as T;
  }

  async digestsOf(ref: string): Promise<Record<string, string>> {
    return (await inspectIndex(this.registry, ref, "--creds", this.credentials)).platformDigests;
  }

  /** One platform of a tag, as a tag of its own. */
  async copy(from: string, architecture: string, to: string): Promise<void> {
    const access = ["src", "dest"].flatMap((end) => [
      `--${end}-creds=${this.credentials}`,
      `--${end}-cert-dir=${this.registry.certificateFolder}`,
    ]);
    await skopeo("copy", `--override-arch=${architecture}`, ...access, `docker://${from}`, `docker://${to}`);
  }

  /** Has all manifests of a stack's image deleted. */
  async wipe(stack: Stack): Promise<void> {
    const { app } = await stack.outputs<{ app: Pushed }>();
    const digests = [...Object.values(app.platformDigests), app.indexDigest];
    assert.deepEqual(await Promise.all(digests.map((digest) => this.delete(digest))), [202, 202, 202]);
  }

  /** Ends the daemons of its stacks. */
  async close(): Promise<void> {
    for (const stack of this.stacks) {
      await endLocalDaemons(stack);
    }
  }

  private delete(digest: string): Promise<number> {
    const options = { method: "DELETE", ca: fs.readFileSync(this.registry.caFile), auth: this.credentials };
    return new Promise((resolve, reject) => {
      request(`${this.registry.url}/v2/login/manifests/${digest}`, options, (answer) => {
        answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
      })
        .once("error", reject)
        .end();
    });
  }
}

let count = 0;

async function startNode(registry: Registry): Promise<NamespaceNode> {
  const { run, network, authority } = await getMachines();
  const name = `login-${(count += 1)}`;
  return startNamespaceNode(run, network, authority, { name, registries: registry.trusted });
}
