import { readListing } from "../context/listing";
import { formatPlatform, ociPlatform, type Platform } from "../support/platforms";
import { maskExport } from "./dockerbuild/maskExport";
import { valueMaskOf } from "./dockerbuild/maskText";
import { type ExportedBuild, readExport } from "./dockerbuild/readExport";
import type { ReportInputs } from "./inputs";
import type { Memory } from "./lastBuild";
import type { NodeView } from "../session/nodeView";
import { type PlatformFindings, platformFindings } from "./platformReport";
import { type NodeRecord, type NodeRecords, readRecords } from "./readRecord";
import { isRecordOf, refsOf } from "./refs";

/** What a node had recorded by now is there at once; one that is gone is not waited for. */
const answerMilliseconds = 4_000;

/** What was found of a build, and what was not, in words. */
export interface ReadBuild {
  findings: PlatformFindings[];
  missing: string[];
  /** The nodes' whole records, where they are wanted. */
  exported: ExportedBuild[];
}

/** Reads what the nodes of a build recorded of it. Never fails: what can't be read is named as missing. */
export async function readBuild(
  views: readonly NodeView[],
  since: number,
  inputs: ReportInputs,
  memory: Memory,
  wantsExport = false,
): Promise<ReadBuild> {
  const read = await Promise.all(views.map((view) => readNode(view, since, inputs, memory, wantsExport)));
  return {
    findings: read.flatMap(({ findings }) => findings),
    missing: read.flatMap(({ missing }) => missing),
    exported: read.flatMap(({ exported }) => exported),
  };
}

async function readNode(
  view: NodeView,
  since: number,
  { identity, remembered, mask, hidden, noCache }: ReportInputs,
  memory: Memory,
  wantsExport: boolean,
): Promise<ReadBuild> {
  const until = Date.now() + answerMilliseconds;
  const own = { ...identity, platforms: view.platforms.map(nameOf) };
  const refs = refsOf(view.builderName, view.name, since, own);
  let found: NodeRecords;
  try {
    found = await readRecords(view.socket, refs, (record) => isRecordOf(record, own), answerMilliseconds);
  } catch (error) {
    return nothing(`node ${view.name} did not answer (${mask((error as Error).message)})`);
  }
  const record = newest(found.records);
  if (!record) {
    return nothing(`node ${view.name} has no record of this build`);
  }
  const findings = view.platforms.map((platform) =>
    platformFindings({
      platform,
      isShared: view.platforms.length > 1,
      node: view,
      record,
      cacheId: found.cacheId,
      inputs: remembered,
      before: memory.platforms[platform],
      noCache,
      listing: readListing,
      mask,
    }),
  );
  if (!wantsExport) {
    return { findings, missing: [], exported: [] };
  }
  try {
    const whole = await readExport(view.socket, record.ref, own.platforms[0], until - Date.now());
    return { findings, missing: [], exported: [maskExport(whole, valueMaskOf(hidden))] };
  } catch (error) {
    const reason = `the record of node ${view.name} for its .dockerbuild file (${mask((error as Error).message)})`;
    return { findings, missing: [reason], exported: [] };
  }
}

function nothing(reason: string): ReadBuild {
  return { findings: [], missing: [reason], exported: [] };
}

/** Of a build that was begun again, the last one counts. */
function newest(records: readonly NodeRecord[]): NodeRecord | undefined {
  return [...records].sort((one, other) => other.created - one.created)[0];
}

/** A platform in buildx's spelling. */
function nameOf(platform: Platform): string {
  return formatPlatform(ociPlatform(platform));
}
