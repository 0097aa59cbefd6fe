import type { ReportedBuild } from "./report";
import * as fs from "node:fs";
import * as path from "node:path";

import { writeFileAtomically } from "../support/paths";
import { chromeTrace } from "./chromeTrace";
import { page } from "./html/page";
import { dockerbuild } from "./dockerbuild/bundle";
import { makePrivateFolder } from "./kept";
import { markdown } from "./markdown";
import type { OtlpTrace } from "./openTelemetry/otlp";

const keptFolders = 20;
/** A time, as folders have it in their names. */
const ownName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

/** What a folder has of all images of an update. */
export function writeFolder(folder: string, builds: readonly ReportedBuild[], trace?: OtlpTrace): void {
  makePrivateFolder(folder);
  const reports = builds.map(({ report }) => report);
  writeFileAtomically(path.join(folder, "report.html"), page(builds));
  writeFileAtomically(path.join(folder, "report.json"), `${JSON.stringify(reports, undefined, 2)}\n`);
  writeFileAtomically(path.join(folder, "trace.json"), `${JSON.stringify(chromeTrace(reports))}\n`);
  if (trace) {
    writeFileAtomically(path.join(folder, "trace.otlp.json"), `${JSON.stringify(trace)}\n`);
  }
}

/** Its own file for each image: it is large, and the same as it was when another image ends. */
export function writeDockerbuild(folder: string, name: string, { records = [] }: ReportedBuild): void {
  if (records.length > 0) {
    writeFileAtomically(path.join(folder, `${name}.dockerbuild`), dockerbuild(records));
  }
}

/** Of other names nothing is removed. */
export function removeOld(folder: string): void {
  const times = fs.readdirSync(folder).filter((name) => ownName.test(name));
  for (const name of times.sort().slice(0, -keptFolders)) {
    fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Images end one after the other, and nothing says which is the last one: each writes the section of all of them anew. */
export function writeSection(file: string, key: string, builds: readonly ReportedBuild[]): void {
  const [begin, end] = ["begin", "end"].map((what) => `<!-- multi-platform-image ${key} ${what} -->`);
  const before = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  const [first, rest = ""] = before.split(begin);
  const after = rest.includes(end) ? rest.slice(rest.indexOf(end) + end.length).replace(/^\n/, "") : "";
  fs.writeFileSync(file, `${first}${begin}\n${markdown(builds)}${end}\n${after}`);
}
