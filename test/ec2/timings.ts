/** What was measured: lifecycle × event → seconds, told after the last test. */
const rows: [lifecycle: string, event: string, seconds: number][] = [];

export function record(lifecycle: string, event: string, seconds: number): void {
  rows.push([lifecycle, event, seconds]);
}

// Of the root suite: this module is loaded outside of any `describe`.
after(() => {
  for (const [lifecycle, event, seconds] of rows) {
    process.stdout.write(`measured: ${lifecycle}, ${event}: ${seconds.toFixed(1)} s\n`);
  }
});
