import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { runVariable } from "../hosts/sweep";
import type { TestRun } from "../hosts/testRun";

/** Of test/cloud/machines/machine.py, whose methods these are. */
export interface MachineSettings {
  id: string;
  architecture: "x86_64" | "arm64";
  imageFolder: string;
  privateAddress: string;
  prefixLength: number;
  gateway: string;
  folder: string;
  namespace: string;
  name: string;
  shared: string;
}

export interface IngressRule {
  protocol: string;
  fromPort: number;
  toPort: number;
  cidr: string;
}

export interface DrivenMachine {
  boot(publicAddress: string | null): Promise<void>;
  wait(): Promise<void>;
  shutDown(): Promise<void>;
  kill(): Promise<void>;
  attach(volumeId: string, file: string): Promise<void>;
  detach(volumeId: string): Promise<void>;
  setIngress(rules: IngressRule[]): Promise<void>;
  console(): Promise<string>;
  /** Of containers only: what a shell command in the running system prints. */
  run(command: string): Promise<string>;
}

/** Machines without an emulator of EC2 around them. */
export interface MachineDriver {
  make(settings: MachineSettings): Promise<DrivenMachine>;
}

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

export function startMachineDriver(run: TestRun): MachineDriver {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", "python3", "-B", "-m", "machines"], {
    cwd: __dirname,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, [runVariable]: run.folder },
  });
  child.stderr.pipe(createWriteStream(join(run.folder, "machines.log")));
  const pending = new Map<number, (answer: Answer) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    pending.get(answer.id)?.(answer);
    pending.delete(answer.id);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void ended.then(() => {
    for (const [id, settle] of pending) settle({ id, error: "the process of the machines has ended" });
  });
  // The end of its input: it cuts the power of all machines and takes down what they stood on.
  run.onClose(async () => {
    child.stdin.end();
    await ended;
  });

  let calls = 0;
  const call = async (machine: string, method: string, ...args: unknown[]): Promise<unknown> => {
    const id = (calls += 1);
    const answer = new Promise<Answer>((resolve) => pending.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ id, machine, method, arguments: args })}\n`);
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${machine}: ${method}: ${error}`);
    return result;
  };
  return {
    make: async (settings) => {
      const { name } = settings;
      await call(name, "make", settings);
      return {
        boot: async (address) => void (await call(name, "boot", address)),
        wait: async () => void (await call(name, "wait")),
        shutDown: async () => void (await call(name, "shut_down")),
        kill: async () => void (await call(name, "kill")),
        attach: async (volumeId, file) => void (await call(name, "attach", volumeId, file)),
        detach: async (volumeId) => void (await call(name, "detach", volumeId)),
        setIngress: async (rules) => void (await call(name, "set_ingress", rules)),
        console: async () => String(await call(name, "console")),
        run: async (command) => String(await call(name, "run", command)),
      };
    },
  };
}
