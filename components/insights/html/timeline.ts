import type { Platform } from "../../support/platforms";
import { commonName } from "../commonName";
import type { StepReport, ReportedBuild } from "../report";
import { describeMiss, describeSeconds } from "../summary";
import { inOrder } from "./stepOrder";
import { escape } from "./text";

interface Lane {
  platform: Platform;
  at: number;
  step?: StepReport;
  log?: string;
}

interface Row {
  name: string;
  lanes: Lane[];
}

const notRun = 1e9;

/** Each step in a row, with a lane for each platform: so the same step stands side by side. */
export function timeline({ report, logs }: ReportedBuild): string {
  const { platforms } = report;
  const end = Math.max(0.001, ...platforms.map(({ nodeSeconds }) => nodeSeconds));
  const rows = new Map<string, Row>();
  platforms.forEach(({ platform, steps }, at) => {
    for (const step of steps) {
      const name = commonName(step.name);
      const row = rows.get(name) ?? {
        name,
        lanes: platforms.map((each, of): Lane => ({ platform: each.platform, at: of })),
      };
      row.lanes[at] = { platform, at, step, log: logs.get(platform)?.get(step.name) };
      rows.set(name, row);
    }
  });
  if (rows.size === 0) {
    return "";
  }
  const startOf = ({ lanes }: Row) => Math.min(...lanes.map(({ step }) => step?.start ?? notRun));
  const sorted = inOrder([...rows.values()].map((row) => ({ ...row, start: startOf(row) })));
  const legend = platforms.map(
    ({ platform, node }, at) => `<li><i class="p${at % 4}"></i>${escape(platform)} on ${escape(node.name)}</li>`,
  );
  return `<section><h3>Steps</h3>
<label class="only"><input type="checkbox">only what was not cached</label>
<ul class="legend" style="margin:0 0 12px">${legend.join("")}<li><i></i>from the cache</li></ul>
${axis(end)}
<div class="rows">${sorted.map((row) => rowOf(row, end)).join("\n")}</div></section>`;
}

const mostMarks = 5;

/** Where seconds are in all rows: at round numbers. */
function axis(end: number): string {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200];
  const step = steps.find((each) => end / each <= mostMarks) ?? steps[steps.length - 1] * Math.ceil(end / 36_000);
  const marks = Array.from({ length: Math.floor(end / step) + 1 }, (_, at) => at * step);
  const texts = marks.map(
    (at) => `<i style="left:${((100 * at) / end).toFixed(2)}%">${at === 0 ? "0" : markOf(at)}</i>`,
  );
  return `<div class="axis" aria-hidden="true"><span></span><span class="lane"><span class="room">${texts.join("")}</span></span></div>`;
}

function markOf(seconds: number): string {
  return seconds < 10 ? `${seconds} s` : describeSeconds(seconds).replace(/ 0 [sm]$/, "");
}

function rowOf({ name, lanes }: Row, end: number): string {
  const isCached = lanes.every(({ step }) => !step || step.state === "cached" || step.state === "not run");
  const hasFailed = lanes.some(({ step }) => step?.state === "failed");
  const more = lanes.flatMap(({ platform, step, log }) => [
    ...(step ? [`<p><b>${escape(platform)}</b>: ${escape(wordsOf(step))}</p>`] : []),
    ...(step?.miss ? [`<p>${escape(describeMiss(step.miss))}</p>`] : []),
    ...(log ? [`<pre>${escape(log)}</pre>`] : []),
  ]);
  return `<details class="row${isCached ? " all-cached" : ""}"${hasFailed ? " open" : ""}>
<summary><span class="step" title="${escape(name)}">${escape(shortName(name))}</span><span class="lanes">${lanes.map((lane) => laneOf(lane, end)).join("")}</span></summary>
<div class="more">${more.join("\n")}</div></details>`;
}

/** Digests are in the table of base images. */
function shortName(name: string): string {
  return name.replace(/@sha256:[0-9a-f]{64}/, "");
}

function laneOf({ platform, at, step }: Lane, end: number): string {
  const start = step?.start;
  const percent = (value: number) => `${Math.min(100, (100 * value) / end).toFixed(2)}%`;
  const bar =
    step && start !== undefined && step.state !== "not run"
      ? `<i class="bar p${at % 4} ${step.state}${step.miss ? " missed" : ""}" style="left:${percent(start)};width:${percent(step.seconds)}"></i>`
      : "";
  const isRan = step && step.state !== "cached" && step.state !== "not run";
  const time = step ? (isRan ? describeSeconds(step.seconds) : step.state) : "";
  return `<span class="lane" title="${escape(`${platform}: ${step ? wordsOf(step) : "no such step"}`)}"><span class="room">${bar}</span><span class="time${isRan ? " ran" : ""}">${time}</span></span>`;
}

function wordsOf({ state, seconds, start, line }: StepReport): string {
  const words: Record<StepReport["state"], string> = {
    cached: "from the cache",
    run: `ran for ${describeSeconds(seconds)}`,
    pulled: `pulled in ${describeSeconds(seconds)}`,
    failed: `failed after ${describeSeconds(seconds)}`,
    "not run": "did not run",
  };
  const began = start === undefined ? "" : `, from second ${start.toFixed(1)} on`;
  return `${words[state]}${began}${line ? `; Dockerfile, line ${line}` : ""}`;
}
