import type { Progress } from "../support/progress";
import { plainText } from "../support/plainText";

const quietMilliseconds = 3_000;

/** Lines on stderr, and at least one every 3 s: a silent terminal looks like one that hangs. */
export async function withProgress<T>(doing: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const start = Date.now();
  let lastLine = start;
  const progress: Progress = (message) => {
    lastLine = Date.now();
    process.stderr.write(`${plainText(message)}\n`);
  };
  const timer = setInterval(() => {
    if (Date.now() - lastLine >= quietMilliseconds) {
      progress(`${doing}, ${Math.round((Date.now() - start) / 1_000)} s`);
    }
  }, 500);
  try {
    return await work(progress);
  } finally {
    clearInterval(timer);
  }
}
