import * as fs from "node:fs";
import * as path from "node:path";

import { stagingFolder } from "../context/folders";
import { BuildError } from "../support/errors";
import { compareReports } from "../insights/compare";
import { page } from "../insights/html/page";
import { parseKept } from "../insights/kept";
import type { KeptImage } from "../insights/lastBuild";
import { summaryLines } from "../insights/summary";
import { namesIn } from "../support/paths";
import { inOneLine } from "../support/plainText";

export interface ReportOptions {
  /** All that are kept without it. */
  image?: string;
  /** All of the project's without it. */
  stack?: string;
  /** Against the build before. */
  compare: boolean;
  json: boolean;
  /** Where the page is written. */
  html?: string;
}

/** What the last builds did that this machine knows of, newest last. */
export function report({ image, stack, compare, json, html }: ReportOptions): string {
  const all = keptImages();
  const kept = all.filter(
    ({ report: of }) => (image === undefined || of.image === image) && (stack === undefined || of.stack === stack),
  );
  if (kept.length === 0) {
    throw new BuildError(nothingError(all));
  }
  if (html !== undefined) {
    const builds = kept.map(({ report: of, previous }) => ({ report: of, previous, logs: new Map() }));
    fs.writeFileSync(html, page(builds), { mode: 0o600 });
  }
  if (json) {
    const reports = kept.map(({ report: of, previous }) => (compare ? { report: of, previous } : of));
    return `${JSON.stringify(reports, undefined, 2)}\n`;
  }
  const parts = kept.map(({ report: of, previous }) => {
    const lines = [
      `${of.startedAt}, stack ${of.stack}`,
      ...summaryLines(of),
      ...(compare ? compareReports(of, previous) : []),
    ];
    return lines.map((line) => `${inOneLine(line)}\n`).join("");
  });
  return parts.join("\n") + (html === undefined ? "" : `\nThe page is in ${html}.\n`);
}

function keptImages(): KeptImage[] {
  const folders = namesIn(`${stagingFolder}/reports`).map((stack) => `${stagingFolder}/reports/${stack}/last`);
  const files = folders.flatMap((folder) => namesIn(folder).map((name) => path.join(folder, name)));
  return files
    .flatMap((file) => parseKept(file) ?? [])
    .sort((one, other) => (one.report.startedAt < other.report.startedAt ? -1 : 1));
}

function nothingError(all: readonly KeptImage[]): string {
  if (all.length === 0) {
    return `no build is known in ${path.resolve(stagingFolder)}. Fix: call this in the folder of a Pulumi project, on a machine that has built there.`;
  }
  const known = all.map(({ report: of }) => `${of.image} of stack ${of.stack}`).join(", ");
  return `no build of that image is known here. Known are ${known}.`;
}
