import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sweepRun } from "./sweep";

/**
 * One run of the tests on this machine. Its number is claimed by an atomic file, and decides every name and address that
 * the run takes, so that two runs at once cannot collide.
 */
export interface TestRun {
  readonly number: number;
  /** Prefix of namespaces, links and cgroups: `mpi7`. */
  readonly name: string;
  /** Files of the run, removed with it. */
  readonly folder: string;
  /** What to do before the sweep, last registered first. */
  onClose(cleanup: () => Promise<void>): void;
  close(): Promise<void>;
}

interface Claim {
  pid: number;
  started: string;
  folder: string;
}

const claims = "/run/multi-platform-image-tests";
// 198.18.0.0/15 has 512 networks of 256 addresses, one for each run.
const mostRuns = 512;

export function openRun(): TestRun {
  mkdirSync(claims, { recursive: true, mode: 0o700 });
  sweepDeadRuns();
  const folder = mkdtempSync(join(tmpdir(), "mpi-test-"));
  const number = claimNumber({ pid: process.pid, started: startTime(process.pid) ?? "", folder });
  const name = `mpi${number}`;
  const cleanups: (() => Promise<void>)[] = [];

  const sweep = (): void => {
    sweepRun({ name, folder });
    rmSync(claimFile(number), { force: true });
  };
  // A run that ends without close(), by an uncaught error or process.exit, still leaves nothing.
  process.once("exit", sweep);
  return {
    number,
    name,
    folder,
    onClose: (cleanup) => void cleanups.push(cleanup),
    close: async () => {
      const failures: unknown[] = [];
      for (const cleanup of cleanups.splice(0).reverse()) {
        await cleanup().catch((error: unknown) => failures.push(error));
      }
      sweep();
      process.off("exit", sweep);
      if (failures.length > 0) throw new AggregateError(failures, `${name}: clean-up failed: ${failures.join("; ")}`);
    },
  };
}

/** Removes what runs left that were killed: no handler of theirs could run. */
export function sweepDeadRuns(): void {
  const files = existsSync(claims) ? readdirSync(claims) : [];
  for (const file of files.filter((name) => /^\d+$/.test(name))) {
    const number = Number(file);
    if (!isDead(number) || !beginSweep(number)) continue;
    try {
      // Again: somebody else may have swept it in between, and a new run taken the number.
      const claim = isDead(number);
      if (claim) {
        sweepRun({ name: `mpi${number}`, folder: claim.folder });
        rmSync(claimFile(number), { force: true });
      }
    } finally {
      rmSync(sweepFile(number), { force: true });
    }
  }
}

/** The claim of a run that was killed. */
function isDead(number: number): Claim | undefined {
  const claim = readClaim(number);
  return claim && startTime(claim.pid) !== claim.started ? claim : undefined;
}

/** One run at a time sweeps a number: the slower one would remove what a new run of that number has. */
function beginSweep(number: number): boolean {
  const own = `${process.pid} ${startTime(process.pid)}`;
  try {
    const [pid, started] = readFileSync(sweepFile(number), "utf8").split(" ");
    if (startTime(Number(pid)) === started) return false;
    rmSync(sweepFile(number), { force: true });
  } catch {
    // Nobody sweeps it.
  }
  try {
    writeFileSync(sweepFile(number), own, { flag: "wx", mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

function claimNumber(claim: Claim): number {
  // Written apart and linked, so that no other run ever reads half a claim.
  const draft = join(claims, `draft-${process.pid}-${Date.now()}`);
  writeFileSync(draft, JSON.stringify(claim), { mode: 0o600 });
  try {
    for (let number = 0; number < mostRuns; number += 1) {
      try {
        linkSync(draft, claimFile(number));
        return number;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new Error(`${claims}: all ${mostRuns} numbers are taken by runs that live; end some of them`);
}

const claimFile = (number: number): string => join(claims, String(number));
const sweepFile = (number: number): string => join(claims, `${number}.sweep`);

function readClaim(number: number): Claim | undefined {
  try {
    return JSON.parse(readFileSync(claimFile(number), "utf8")) as Claim;
  } catch {
    return undefined;
  }
}

/**
 * Field 22 of /proc/PID/stat: with it a reused process id is told from the first one. One that has ended, of which its
 * parent has not heard yet, is no process any more. See proc_pid_stat(5).
 */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
