import * as fs from "node:fs";
import * as path from "node:path";
import Mocha from "mocha";

const { EVENT_RUN_BEGIN, EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END } = Mocha.Runner.constants;
const { EVENT_TEST_BEGIN, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING, EVENT_TEST_RETRY } =
  Mocha.Runner.constants;

const EVERY_MILLISECONDS = 4_000;
const MOST_ERRORS = 4;
const MOST_LENGTH = 300;

/** Shows every test with its duration, says what runs while it takes long, and leaves the counts in a file. */
class Reporter extends Mocha.reporters.Base {
  private depth = 0;
  private readonly failed: string[] = [];
  private readonly repeated: string[] = [];
  private current?: { title: string; since: number };

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const timer = setInterval(() => this.tick(), EVERY_MILLISECONDS);
    runner
      .once(EVENT_RUN_BEGIN, () => this.begin("set-up"))
      .on(EVENT_SUITE_BEGIN, (suite) => this.suite(suite))
      .on(EVENT_SUITE_END, () => this.depth--)
      .on(EVENT_TEST_BEGIN, (test) => this.begin(test.fullTitle()))
      .on(EVENT_TEST_PASS, (test) => this.line(`✓ ${test.title} (${test.duration ?? 0} ms)`))
      .on(EVENT_TEST_RETRY, (test: Mocha.Runnable, error: Error) => {
        const why = gist(error);
        this.repeated.push(`${path.basename(test.file ?? "")}: ${test.fullTitle()}: ${why}`);
        this.line(`↻ ${test.title} (${test.duration ?? 0} ms), once more: ${why}`);
      })
      .on(EVENT_TEST_PENDING, (test) => this.line(`- ${test.title} (skipped)`))
      .on(EVENT_TEST_FAIL, (test: Mocha.Runnable, error: Error) => {
        const why = gist(error);
        this.failed.push(`${path.basename(test.file ?? "")}: ${test.fullTitle()}: ${why}`);
        this.line(`✗ ${test.title} (${test.duration ?? 0} ms): ${why}`);
      })
      .once(EVENT_RUN_END, () => {
        clearInterval(timer);
        this.epilogue();
        const { passes: passed = 0, failures: failed = 0, pending: skipped = 0 } = runner.stats ?? {};
        fs.writeFileSync(
          countsFile(),
          JSON.stringify({ passed, failed, skipped, failures: this.failed, repeats: this.repeated }),
        );
      });
  }

  private suite(suite: Mocha.Suite): void {
    this.depth++;
    if (!suite.root) {
      this.print(suite.title, this.depth - 1);
      this.begin(`set-up of ${suite.fullTitle()}`);
    }
  }

  private begin(title: string): void {
    this.current = { title, since: Date.now() };
  }

  private tick(): void {
    if (this.current) {
      const seconds = Math.round((Date.now() - this.current.since) / 1000);
      this.print(`… ${this.current.title}: ${seconds} s`, this.depth);
    }
  }

  private line(text: string): void {
    this.print(text, this.depth);
    this.begin("clean-up, or the next set-up");
  }

  private print(text: string, depth: number): void {
    process.stdout.write(`${"  ".repeat(depth)}${text}\n`);
  }
}

/** A failure in a line: its first, and of a command's output those that say what went wrong. */
function gist({ message }: Error): string {
  const [first, ...rest] = message.split("\n").map((line) => line.trim());
  const errors = rest
    .filter((line) => /\berror:|failed|timed out/i.test(line))
    .map((line) => line.slice(0, MOST_LENGTH));
  return [first, ...new Set(errors.slice(-MOST_ERRORS))].join(" | ");
}

function countsFile(): string {
  const file = process.env.TEST_COUNTS_FILE;
  if (!file) {
    throw new Error("TEST_COUNTS_FILE is not set: this reporter is used by `npm test`.");
  }
  return file;
}

export = Reporter;
