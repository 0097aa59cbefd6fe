/** Runs a command of this folder: its number is the exit code, and an error is a sentence, not a stack trace. */
export function runCommand(main: (args: readonly string[]) => Promise<number>): void {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const wanted = process.env.DEBUG ? (error as Error).stack : undefined;
      process.stderr.write(`error: ${wanted ?? (error instanceof Error ? error.message : String(error))}\n`);
      process.exitCode = 1;
    },
  );
}
