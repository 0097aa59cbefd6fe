import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Step } from "./progress";

const ATTEMPTS = 3;
const SILENCE_MILLISECONDS = 20_000;

/** A server that can't be reached or refuses: the next source is tried. */
export class DownloadError extends Error {}

/**
 * Downloads to `file`, which may hold the beginning from an earlier, killed run: what is there is kept if the server
 * sends ranges. The caller checks the sum.
 */
export async function download(url: string, file: string, step: Step): Promise<void> {
  let reason = "";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await downloadOnce(url, file, step);
    } catch (error) {
      if (error instanceof DownloadError) {
        throw error;
      }
      reason = describe(error);
      step.detail(`cut off (${reason}), attempt ${attempt} of ${ATTEMPTS}`);
    }
  }
  throw new DownloadError(`${url} was cut off ${ATTEMPTS} times: ${reason}`);
}

async function downloadOnce(url: string, file: string, step: Step): Promise<void> {
  const have = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
  try {
    const headers = { "accept-encoding": "identity", ...(have > 0 && { range: `bytes=${have}-` }) };
    const response = await fetch(url, { headers, signal: silence.signal });
    if (response.status === 416) {
      await response.body?.cancel();
      fs.rmSync(file, { force: true });
      throw new Error(`the server has fewer than the ${have} bytes that are here`);
    }
    if (!response.ok || !response.body) {
      throw new DownloadError(`${url} answered ${response.status} ${response.statusText}`);
    }
    const resumed = response.status === 206;
    let received = resumed ? have : 0;
    const total = received + Number(response.headers.get("content-length") ?? 0);
    const count = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MILLISECONDS);
        received += chunk.length;
        step.detail(`${megabytes(received)} of ${megabytes(total)} MB`);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), count, fs.createWriteStream(file, { flags: resumed ? "a" : "w" }));
  } finally {
    clearTimeout(timer);
  }
}

export async function fetchText(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(SILENCE_MILLISECONDS) });
    if (response.ok) {
      return await response.text();
    }
    throw new DownloadError(`${url} answered ${response.status} ${response.statusText}`);
  } catch (error) {
    throw error instanceof DownloadError ? error : new DownloadError(`${url}: ${describe(error)}`);
  }
}

/** Whether anything answers within five seconds, whatever it says. */
export async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    return false;
  }
}

export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest("hex");
}

/** Node's fetch says only "fetch failed"; the cause says why. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
