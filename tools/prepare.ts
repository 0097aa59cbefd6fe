import * as fs from "node:fs/promises";
import * as path from "node:path";
import { cacheDirectory } from "../components/support/paths";
import { publishFolder, sweepUnfinished, withLock } from "./cache";
import { DownloadError, answers } from "./download";
import { findOnMachine, lackOf } from "./machine";
import { buildModule, recipeDigest } from "./offline/modules";
import { machinePlatform, splitPlatform, type ToolPlatform } from "./platform";
import { type Log, say } from "./progress";
import type { PreparedTool, ReleaseAsset, ToolTable } from "./recipe";
import { extractFile, fetchAsset } from "./release";

export interface PrepareOptions {
  table: ToolTable;
  /** The folder with the Go modules' recipes. */
  recipes: string;
  platform?: ToolPlatform;
  /** Where releases are published; a mirror with the same paths serves too. */
  server?: string;
  env?: NodeJS.ProcessEnv;
  log?: Log;
}

export const RELEASE_SERVER = "https://github.com";

/** Makes ready what is missing and gives all tools asked for, in the table's order of sources: machine, release, modules. */
export async function prepare<Name extends string>(
  names: readonly Name[],
  options: PrepareOptions,
): Promise<PreparedTool<Name>[]> {
  const workshop = new Workshop(options);
  const ready = new Map<Name, PreparedTool<Name>>();
  const wanted = names.filter((name) => workshop.isFor(name));
  const look = async (name: Name) => {
    const tool = await workshop.find(name);
    if (tool) {
      ready.set(name, { ...tool, name });
    }
  };
  await Promise.all(wanted.map(look));
  if (ready.size < wanted.length) {
    // One lock for all: a build from modules uses every core anyway.
    await withLock(workshop.cache, "tools", workshop.log, async () => {
      await sweepUnfinished(workshop.folder);
      for (const name of wanted.filter((missing) => !ready.has(missing))) {
        await look(name);
        if (!ready.has(name)) {
          ready.set(name, { ...(await workshop.make(name)), name });
        }
      }
      await workshop.clean();
    });
  }
  return wanted.flatMap((name) => ready.get(name) ?? []);
}

class Workshop {
  readonly cache: string;
  readonly folder: string;
  readonly log: Log;
  private readonly platform: ToolPlatform;
  private readonly server: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly downloads: string;
  private readonly fetched = new Map<string, string>();
  private readonly said = new Set<string>();
  private reachable?: Promise<boolean>;

  constructor(private readonly options: PrepareOptions) {
    this.env = options.env ?? process.env;
    this.cache = cacheDirectory(this.env);
    this.folder = path.join(this.cache, "tools");
    this.downloads = path.join(this.cache, "downloads");
    this.platform = options.platform ?? machinePlatform();
    this.server = options.server ?? this.env.MULTI_PLATFORM_IMAGE_RELEASES ?? RELEASE_SERVER;
    this.log = options.log ?? say;
  }

  isFor(name: string): boolean {
    const { os } = this.options.table[name];
    return !os || os === splitPlatform(this.platform).os;
  }

  async find(name: string): Promise<PreparedTool | undefined> {
    const machine =
      this.platform === machinePlatform()
        ? await findOnMachine(this.options.table, name, this.env, (line) => this.sayOnce(line))
        : undefined;
    return machine ?? (await this.inCache(name, "release")) ?? (await this.inCache(name, "module"));
  }

  /** Tools are looked for again once the lock is held. */
  private sayOnce(line: string): void {
    if (!this.said.has(line)) {
      this.said.add(line);
      this.log(line);
    }
  }

  private target(name: string, source: "release" | "module"): PreparedTool {
    const { version, binary, module } = this.options.table[name];
    const suffix = source === "module" && module ? `-${recipeDigest(this.options.recipes, module)}` : "";
    const folder = `${name}-${version}-${this.platform.replace("/", "-")}${suffix}`;
    return { name, version, path: path.join(this.folder, folder, binary), source };
  }

  private async inCache(name: string, source: "release" | "module"): Promise<PreparedTool | undefined> {
    const tool = this.target(name, source);
    return (await fs.access(tool.path, fs.constants.X_OK).then(
      () => true,
      () => false,
    ))
      ? tool
      : undefined;
  }

  async make(name: string): Promise<PreparedTool> {
    const { release } = this.options.table[name];
    const asset = release?.assets[this.platform];
    let reason = `no release for ${this.platform} is known`;
    if (asset) {
      try {
        return await this.fromRelease(name, asset, release?.entry);
      } catch (error) {
        if (!(error instanceof DownloadError)) {
          throw error;
        }
        reason = error.message;
      }
    }
    return this.fromModule(name, reason);
  }

  private async fromRelease(name: string, asset: ReleaseAsset, entry?: string): Promise<PreparedTool> {
    if (!(await this.serverAnswers())) {
      throw new DownloadError(`${this.server} does not answer`);
    }
    const file = { tool: name, asset, entry };
    const archive = this.fetched.get(asset.path) ?? (await fetchAsset(file, this.server, this.downloads, this.log));
    this.fetched.set(asset.path, archive);
    const tool = this.target(name, "release");
    await publishFolder(path.dirname(tool.path), (folder) =>
      extractFile(file, archive, path.join(folder, path.basename(tool.path))),
    );
    return tool;
  }

  private serverAnswers(): Promise<boolean> {
    this.reachable ??= answers(this.server).then((yes) => {
      this.log(
        yes
          ? `releases: ${this.server} answers, missing tools are downloaded`
          : `releases: ${this.server} does not answer within 5 s, missing tools are built from Go modules`,
      );
      return yes;
    });
    return this.reachable;
  }

  private async fromModule(name: string, reason: string): Promise<PreparedTool> {
    const { module: recipe, feature } = this.options.table[name];
    if (!recipe) {
      throw new Error(`${name}: not on this machine, not downloaded (${reason}), and it has no Go module to build.`);
    }
    const tool = this.target(name, "module");
    const make = async (folder: string) => {
      const target = path.join(folder, path.basename(tool.path));
      const { recipes } = this.options;
      await buildModule(name, recipe, { recipes, platform: this.platform, target, env: this.env, log: this.log });
      const lack = feature && (await lackOf(feature, target, this.env));
      if (lack) {
        throw new Error(`${name}: what was built from Go modules is not used: ${lack}. Fix: put another on PATH.`);
      }
    };
    await publishFolder(path.dirname(tool.path), (folder) =>
      make(folder).catch((error: unknown) => {
        throw error instanceof Error ? new Error(`${error.message}\n(${reason})`, { cause: error }) : error;
      }),
    );
    return tool;
  }

  /** Archives are of no use once their tools are out. */
  async clean(): Promise<void> {
    await fs.rm(this.downloads, { recursive: true, force: true });
  }
}
