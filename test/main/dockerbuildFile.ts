import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { extract, list, type ReadEntry } from "tar";

import { prepareTools } from "../../tools";
import type { BuildHost } from "../hosts";
import { temporaryDirectory } from "./stack";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

interface Manifest {
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
}

/** A `.dockerbuild` file, unpacked. */
export class DockerbuildFile {
  private constructor(
    /** As `tar` lists them: names of blobs without their digests. */
    readonly entries: string[],
    private readonly folder: string,
  ) {}

  static async open(file: string): Promise<DockerbuildFile> {
    const folder = temporaryDirectory("dockerbuild");
    const entries: string[] = [];
    const onReadEntry = ({ path: name, mode, type }: ReadEntry) =>
      entries.push(`${type} ${mode?.toString(8)} ${name.replace(/[0-9a-f]{64}/, "DIGEST")}`);
    await list({ file, onReadEntry });
    await extract({ file, cwd: folder });
    return new DockerbuildFile([...new Set(entries)], folder);
  }

  /** @throws where the bytes are not those of the digest, or not as many. */
  read({ digest, size }: Descriptor): Buffer {
    const bytes = fs.readFileSync(path.join(this.folder, "blobs", digest.replace(":", "/")));
    assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
    assert.equal(bytes.length, size);
    return bytes;
  }

  json<T>(descriptor: Descriptor): T {
    return JSON.parse(this.read(descriptor).toString()) as T;
  }

  /** Of all builds in it, by what buildx calls them: nodes that build together have one name, and a platform each. */
  manifests(): Map<string, Manifest> {
    const top = fs.readFileSync(path.join(this.folder, "index.json"), "utf8");
    const [root] = (JSON.parse(top) as { manifests: Descriptor[] }).manifests;
    const all = root.mediaType.includes("index") ? this.json<{ manifests: Descriptor[] }>(root).manifests : [root];
    return new Map(
      all.map((each) => {
        const manifest = this.json<Manifest>(each);
        const { Ref, FrontendAttrs } = this.json<{ Ref: string; FrontendAttrs: { platform: string } }>(manifest.config);
        assert.equal(each.annotations?.["vnd.buildkit.history.reference"] ?? Ref, Ref);
        return [`${Ref} ${FrontendAttrs.platform}`, manifest];
      }),
    );
  }

  /** All that is in it, as text. */
  text(): string {
    const blobs = path.join(this.folder, "blobs/sha256");
    return fs
      .readdirSync(blobs)
      .map((name) => fs.readFileSync(path.join(blobs, name), "latin1"))
      .join("\n");
  }
}

const traceType = "application/vnd.buildkit.otlp.json.v0";

/** Each in lines of its own. */
function spansOf(trace: string): object[] {
  const spans = JSON.parse(`[${trace.replaceAll("\n}\n{\n", "\n},{\n")}]`) as Record<string, unknown>[];
  return spans.map(({ Name, SpanContext, Parent, SpanKind, StartTime, EndTime, Attributes }) => {
    return { Name, SpanContext, Parent, SpanKind, StartTime, EndTime, Attributes };
  });
}

/** Whether a file has of a build what `buildx history export` has of it, except that stars stand for the hidden values. */
export async function assertSameExport(
  own: DockerbuildFile,
  host: BuildHost,
  hidden: readonly string[],
): Promise<void> {
  const { ref } = (await host.history()).at(-1)!;
  const theirs = await DockerbuildFile.open(await exportByBuildx(host, ref));
  assert.deepEqual(own.entries, theirs.entries);
  const [ours, real] = [own, theirs].map((file) => file.manifests().get(`${ref} ${host.platform}`)!);
  const shape = ({ mediaType, config, layers }: Manifest) => [
    mediaType,
    config.mediaType,
    ...layers.map(({ mediaType: type, size, annotations }) => [type, type === traceType ? 0 : size, annotations]),
  ];
  assert.deepEqual(shape(ours), shape(real));
  const starred = (text: string) => hidden.reduce((all, each) => all.replaceAll(each, "*".repeat(each.length)), text);
  real.layers.forEach((layer, at) => {
    const [one, other] = [own.read(ours.layers[at]), theirs.read(layer)].map((bytes) => bytes.toString("latin1"));
    // buildx reads a trace's spans and writes them anew, without what it does not know.
    const [left, right] =
      layer.mediaType === traceType ? [spansOf(one), spansOf(starred(other))] : [one, starred(other)];
    assert.deepEqual(left, right, layer.mediaType);
  });
  const record = starred(theirs.read(real.config).toString());
  const resized = record.replace(`"size": ${real.layers[0].size}`, `"size": ${ours.layers[0].size}`);
  const renamed = real.layers.reduce((all, { digest }, at) => all.replaceAll(digest, ours.layers[at].digest), resized);
  assert.deepEqual(own.json(ours.config), JSON.parse(renamed));
}

async function exportByBuildx(host: BuildHost, ref: string): Promise<string> {
  const [{ path: buildx }] = await prepareTools(["buildx"]);
  const home = temporaryDirectory("buildx");
  const pem = { cacert: host.ca, cert: host.clientCertificate, key: host.clientKey };
  for (const [name, text] of Object.entries(pem)) {
    fs.writeFileSync(path.join(home, name), text);
  }
  const files = Object.keys(pem).map((name) => `${name}=${path.join(home, name)}`);
  const options = [...files, `servername=${host.serverName}`].join(",");
  const run = (...words: string[]) =>
    promisify(execFile)(buildx, words, { env: { PATH: process.env.PATH, HOME: home } });
  await run("create", "--name", "exporting", "--driver", "remote", "--driver-opt", options, host.endpoint);
  const file = path.join(home, "export.dockerbuild");
  await run("--builder", "exporting", "history", "export", "--finalize", "--output", file, ref);
  return file;
}
