import * as fs from "node:fs";
import * as path from "node:path";
import Mocha from "mocha";

import { isLeftForAll } from "../../test/tier";
import type { FileCounts, TestResult } from "./counts";
import { cpuSeconds } from "./cpu";
import { nameOf } from "./testFile";

const { EVENT_RUN_BEGIN, EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END } = Mocha.Runner.constants;
const { EVENT_TEST_BEGIN, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING, EVENT_TEST_RETRY } =
  Mocha.Runner.constants;

const EVERY_MILLISECONDS = 4_000;
const MOST_ERRORS = 4;
const MOST_LENGTH = 300;

/** Shows every test with its duration, says what runs while it takes long, and leaves the counts in a file. */
class Reporter extends Mocha.reporters.Base {
  private depth = 0;
  private readonly tests: TestResult[] = [];
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
      .on(EVENT_TEST_PASS, (test) => this.end(test, "passed", `✓ ${test.title} (${test.duration ?? 0} ms)`))
      .on(EVENT_TEST_RETRY, (test: Mocha.Test, error: Error) => {
        const why = gist(error);
        this.repeated.push(`${path.basename(test.file ?? "")}: ${test.fullTitle()}: ${why}`);
        this.line(`↻ ${test.title} (${test.duration ?? 0} ms), once more: ${why}`);
      })
      .on(EVENT_TEST_PENDING, (test) =>
        isLeftForAll(test) ? this.note(test, "left") : this.end(test, "skipped", `- ${test.title} (skipped)`),
      )
      .on(EVENT_TEST_FAIL, (test: Mocha.Test, error: Error) => {
        const why = gist(error);
        this.failed.push(`${path.basename(test.file ?? "")}: ${test.fullTitle()}: ${why}`);
        this.end(test, "failed", `✗ ${test.title} (${test.duration ?? 0} ms): ${why}`);
      })
      .once(EVENT_RUN_END, () => {
        clearInterval(timer);
        this.epilogue();
        fs.writeFileSync(countsFile(), JSON.stringify(this.counts()));
      });
  }

  private counts(): FileCounts {
    const count = (wanted: TestResult["outcome"]) => this.tests.filter(({ outcome }) => outcome === wanted).length;
    return {
      passed: count("passed"),
      failed: count("failed"),
      skipped: count("skipped"),
      left: count("left"),
      failures: this.failed,
      repeats: this.repeated,
      tests: this.tests,
      cpuSeconds: cpuSeconds(),
    };
  }

  private suite(suite: Mocha.Suite): void {
    this.depth++;
    if (!suite.root && suite.total() > 0 && !isLeftForAll(suite)) {
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

  private end(test: Mocha.Test, outcome: TestResult["outcome"], text: string): void {
    this.note(test, outcome);
    this.line(text);
  }

  /** A hook that fails is reported as a test, too. */
  private note(test: Mocha.Test, outcome: TestResult["outcome"]): void {
    this.tests.push({
      file: nameOf(test.file ?? ""),
      title: test.fullTitle(),
      outcome,
      milliseconds: test.duration ?? 0,
    });
  }

  private line(text: string): void {
    this.print(text, this.depth);
    this.begin("clean-up, or the next set-up");
  }

  private print(text: string, depth: number): void {
    process.stdout.write(`${"  ".repeat(depth)}${text}\n`);
  }
}

/** A failure in a line: its first, what an assertion compared, and of a command's output the lines that say what went wrong. */
function gist({ message }: Error): string {
  const [first, ...rest] = message.split("\n").map((line) => line.trim());
  // As Node's assertions show both: https://nodejs.org/api/assert.html#assertstrictequalactual-expected-message
  const compared = rest.filter((line) => / !== /.test(line) || /^[+-] (?!actual\b|expected\b)/.test(line));
  const errors = rest
    .filter((line) => /\berror:|failed|timed out/i.test(line))
    .map((line) => line.slice(0, MOST_LENGTH));
  const shown = compared.slice(0, MOST_ERRORS).map((line) => line.slice(0, MOST_LENGTH));
  return [first, ...new Set([...shown, ...errors.slice(-MOST_ERRORS)])].join(" | ");
}

function countsFile(): string {
  const file = process.env.TEST_COUNTS_FILE;
  if (!file) {
    throw new Error("TEST_COUNTS_FILE is not set: this reporter is used by `npm test`.");
  }
  return file;
}

export = Reporter;
