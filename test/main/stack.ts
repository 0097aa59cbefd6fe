import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { prepareTools, type Tool, toolEnvironment } from "../../tools";
import { atEnd } from "./atEnd";
import { compiled, startsFast } from "./compiled";
import { layOutStack, projectFile, stackOutputs } from "./stackFiles";
import { transit } from "./transit";

const repository = path.resolve(__dirname, "../..");

/** What a command of the CLI did. */
export interface Outcome {
  code: number | null;
  output: string;
  seconds: number;
}

export interface StartedCommand {
  child: ChildProcess;
  done: Promise<Outcome>;
  output: () => string;
}

/** What a program declares: see program/index.ts. */
export interface Spec {
  builder: unknown;
  images: Record<string, unknown>;
  provider?: object;
  outputs?: string[];
  logs?: boolean;
}

export interface StackOptions {
  project?: string;
  stack?: string;
  /** Where Pulumi's state is: given, to share it between two checkouts. */
  backend?: string;
  /** The HOME of the user: buildx's store and our cache are in it. */
  home?: string;
  environment?: NodeJS.ProcessEnv;
  /** Names and addresses for this stack's commands alone, which a test may change while one runs. */
  hostsFile?: string;
  /** Tools that its commands find, beside node and Pulumi. */
  onPath?: readonly Tool[];
  /** A folder whose programs go before all others. */
  programs?: string;
  /** Its commands find no node on PATH. */
  withoutNode?: boolean;
  /** The command line that runs a command on the host of the stack's user. @default - this machine */
  enter?: (command: string[]) => string[];
  /** The program that the project runs. @default - program/index.ts beside this file */
  program?: string;
}

/** A Pulumi project of its own in a temporary folder, with local state, run by the real CLI. */
export class Stack {
  private constructor(
    readonly directory: string,
    readonly home: string,
    readonly backend: string,
    readonly project: string,
    readonly stack: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly hostsFile?: string,
    private readonly enter: (command: string[]) => string[] = (command) => command,
  ) {}

  static async create(spec: Spec, options: StackOptions = {}): Promise<Stack> {
    const directory = temporaryDirectory("project");
    const home = options.home ?? temporaryDirectory("home");
    const backend = options.backend ?? temporaryDirectory("state");
    const project = options.project ?? path.basename(directory).toLowerCase();
    fs.writeFileSync(path.join(directory, "Pulumi.yaml"), projectFile(project));
    const program = await compiled(options.program ?? `${__dirname}/program`);
    fs.writeFileSync(path.join(directory, "index.js"), `module.exports = require(${JSON.stringify(program)});\n`);
    fs.writeFileSync(path.join(directory, "package.json"), JSON.stringify({ name: "program", main: "index.js" }));
    fs.symlinkSync(path.join(repository, "node_modules"), path.join(directory, "node_modules"));
    const environment = { ...(await pulumiEnvironment(home, backend, options)), ...options.environment };
    const name = options.stack ?? "dev";
    const stack = new Stack(directory, home, backend, project, name, environment, options.hostsFile, options.enter);
    stack.declare(spec);
    await layOutStack({ directory, backend, project, stack: name });
    return stack;
  }

  /** Changes what the program declares. */
  declare(spec: Spec): void {
    fs.writeFileSync(path.join(this.directory, "spec.json"), JSON.stringify(spec, undefined, 2));
  }

  spec(): Spec {
    return JSON.parse(fs.readFileSync(path.join(this.directory, "spec.json"), "utf8")) as Spec;
  }

  /** Writes a file of the project, with the same mode on every machine. */
  write(file: string, content: string | Buffer, mode = 0o644): void {
    const full = path.join(this.directory, file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, content);
    fs.chmodSync(full, mode);
  }

  /** All that its commands find on PATH. */
  programs(): string[] {
    const folders = (this.environment.PATH ?? "").split(path.delimiter);
    return folders.flatMap((folder) => fs.readdirSync(folder)).sort();
  }

  up(...extra: string[]): Promise<Outcome> {
    return this.run("up", "--yes", "--skip-preview", ...extra);
  }

  preview(...extra: string[]): Promise<Outcome> {
    return this.run("preview", ...extra);
  }

  /** The stack's outputs as they are in its state; what is a secret there is asked for. */
  async outputs<T>(): Promise<T> {
    const outputs = stackOutputs(this);
    if (outputs) {
      return outputs as T;
    }
    const { output } = await this.run("stack", "output", "--json", "--show-secrets");
    return JSON.parse(output) as T;
  }

  run(...args: string[]): Promise<Outcome> {
    return this.start(...args).done;
  }

  /** Starts a command without waiting, for tests that interrupt it. */
  start(...args: string[]): StartedCommand {
    return this.startOther("pulumi", ...args, "--non-interactive", "--color", "never");
  }

  /** Starts another command as `pulumi` is started: in the project's folder, with the stack's environment. */
  startOther(...words: string[]): StartedCommand {
    const begin = Date.now();
    const command = this.command(...words);
    const child = spawn(command[0], command.slice(1), {
      cwd: this.directory,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const collect = (data: Buffer) => (output += data.toString());
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const done = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output, seconds: (Date.now() - begin) / 1000 }));
    });
    return { child, done, output: () => output };
  }

  /** With a hosts file, in a mount namespace of its own, where that file lies over /etc/hosts. */
  private command(...command: string[]): string[] {
    const script = '/bin/mount --bind "$0" /etc/hosts && exec "$@"';
    return this.enter(
      this.hostsFile ? ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, this.hostsFile, ...command] : command,
    );
  }

  /** All that Pulumi keeps of the stack, as text. */
  stateText(): string {
    return readAll(path.join(this.backend, ".pulumi", "stacks"));
  }
}

/** Waits for something outside of this process. */
export async function waitFor(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  seconds = 120,
  pauseMilliseconds = 100,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > deadline) {
      throw new Error(`waited ${seconds} s in vain for ${what}`);
    }
    await sleep(pauseMilliseconds);
  }
}

const temporary: string[] = [];

/** A folder that is gone after the last test. */
export function temporaryDirectory(purpose: string): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), `mpi-${purpose}-`));
  temporary.push(made);
  return made;
}

atEnd(() => {
  for (const directory of temporary.splice(0)) {
    fs.rmSync(directory, { recursive: true, force: true });
  }
});

/** All files below a folder, as one text. */
export function readAll(directory: string): string {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}

/** The CLI's environment: a HOME of its own, and a PATH with node, Pulumi and what the test asks for, nothing of Docker. */
async function pulumiEnvironment(home: string, backend: string, options: StackOptions): Promise<NodeJS.ProcessEnv> {
  const { onPath = [], programs, withoutNode = false } = options;
  const tools = await prepareTools(["pulumi", "pulumi-language-nodejs", "pulumi-resource-docker-build"]);
  const bin = temporaryDirectory("path");
  if (!withoutNode) {
    fs.symlinkSync(process.execPath, path.join(bin, "node"));
  }
  const others = [programs, bin].filter(Boolean).join(path.delimiter);
  return {
    ...toolEnvironment([...tools, ...onPath], { PATH: others, HOME: home, TMPDIR: os.tmpdir() }),
    PULUMI_BACKEND_URL: `file://${backend}`,
    ...(await transit()),
    PULUMI_STACK: options.stack ?? "dev",
    // Each command reads dictionaries of passwords as it starts, and looks for garbage in them: a fifth of what a short one takes.
    GOGC: "400",
    ...(await startsFast()),
  };
}
