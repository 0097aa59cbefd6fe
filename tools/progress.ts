export type Log = (line: string) => void;

/** Longest silence on screen; a job's log should never look hung. */
const EVERY_MILLISECONDS = 4_000;

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function seconds(since: number, until = Date.now()): string {
  return `${Math.round((until - since) / 1000)} s`;
}

export interface Step {
  /** What is being done now, shown with the next tick. */
  detail(text: string): void;
}

/** Runs `work` and says every few seconds what it does and for how long. */
export async function withProgress<T>(title: string, work: (step: Step) => Promise<T>, log: Log = say): Promise<T> {
  const started = Date.now();
  let detail = "";
  log(title);
  const timer = setInterval(() => log(`${title}: ${seconds(started)}${detail && `, ${detail}`}`), EVERY_MILLISECONDS);
  try {
    const result = await work({ detail: (text) => (detail = text) });
    log(`${title}: done in ${seconds(started)}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
