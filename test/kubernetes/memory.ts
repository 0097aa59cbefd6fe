export const mebibyte = 1024 * 1024;

/** How much larger this process became at most while something was done. */
export async function memoryDuring<T>(work: () => Promise<T>): Promise<{ result: T; grown: number }> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 100);
  try {
    return { result: await work(), grown: most - before };
  } finally {
    clearInterval(timer);
  }
}
