import { execFile } from "node:child_process";

export interface CommandOptions {
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  /** @default 120 000 */
  timeoutMilliseconds?: number;
}

/** Runs one command line to its end and returns what it printed; its error text becomes the error. */
export async function execute(command: string[], options: CommandOptions = {}): Promise<string> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      {
        encoding: "utf8",
        env: options.env ?? process.env,
        maxBuffer: 256 * 1024 * 1024,
        timeout: options.timeoutMilliseconds ?? 120_000,
        killSignal: "SIGKILL",
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = stderr.trim() || stdout.trim() || error.message;
        reject(new Error(`"${command.join(" ")}" failed (${String(error.code ?? error.signal)}): ${said}`));
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** Waits until `attempt` no longer throws; its last error says what was missing. */
export async function waitUntil<T>(
  what: string,
  attempt: () => Promise<T>,
  options: { timeoutMilliseconds: number; pauseMilliseconds?: number },
): Promise<T> {
  const deadline = Date.now() + options.timeoutMilliseconds;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) {
        const seconds = options.timeoutMilliseconds / 1000;
        throw new Error(`${what}: not within ${seconds} s; last: ${String(error)}`, { cause: error });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, options.pauseMilliseconds ?? 200));
  }
}
