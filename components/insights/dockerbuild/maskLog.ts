import { Reader } from "protobufjs";

import { type ByteMask, textMaskOf } from "./maskBytes";

/** Texts of a message, by field: `true`, or those of a message in it. */
interface Texts {
  readonly [field: number]: true | Texts;
}

/** Of a StatusResponse: its steps, their parts, what they print, warnings with the Dockerfile that they are about. */
const texts: Texts = {
  1: { 3: true, 7: true },
  2: { 1: true, 3: true },
  4: { 3: true, 4: true, 5: true, 6: { 2: true } },
};
const printed = { field: 3, step: 1, stream: 3, message: 4 };
const delimited = 2;

interface Range {
  begin: number;
  end: number;
}

/**
 * Hides what a build's log has of values and logins, in place. What a step prints comes in pieces, of which two may share a
 * value.
 *
 * @see https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/history/buildhistory.go (`ImportStatus`)
 */
export function maskLog(log: Buffer, values: ByteMask): Buffer {
  const masked = Buffer.from(log);
  const mask = textMaskOf(values);
  const pieces = new Map<string, Range[]>();
  for (let at = 0; at < log.length;) {
    const begin = at + 4;
    at = begin + log.readUInt32LE(at);
    for (const range of textsIn(masked, { begin, end: at }, texts)) {
      hide(masked, [range], mask);
    }
    for (const { key, range } of piecesIn(masked, { begin, end: at })) {
      pieces.set(key, [...(pieces.get(key) ?? []), range]);
    }
  }
  for (const ranges of pieces.values()) {
    hide(masked, ranges, mask);
  }
  return values(masked);
}

/** The ranges are one text together. */
function hide(bytes: Buffer, ranges: readonly Range[], mask: ByteMask): void {
  const whole = mask(Buffer.concat(ranges.map(({ begin, end }) => bytes.subarray(begin, end))));
  let from = 0;
  for (const { begin, end } of ranges) {
    whole.copy(bytes, begin, from, (from += end - begin));
  }
}

function* fieldsOf(bytes: Buffer, { begin, end }: Range): Generator<{ field: number; range?: Range; value?: number }> {
  const reader = new Reader(bytes.subarray(0, end));
  reader.pos = begin;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if ((tag & 7) === delimited) {
      const length = reader.uint32();
      yield { field: tag >>> 3, range: { begin: reader.pos, end: reader.pos + length } };
      reader.skip(length);
    } else if ((tag & 7) === 0) {
      yield { field: tag >>> 3, value: Number(reader.uint64()) };
    } else {
      reader.skipType(tag & 7);
    }
  }
}

function textsIn(bytes: Buffer, within: Range, wanted: Texts): Range[] {
  return [...fieldsOf(bytes, within)].flatMap(({ field, range }) => {
    const of = wanted[field];
    return !range || !of ? [] : of === true ? [range] : textsIn(bytes, range, of);
  });
}

function piecesIn(bytes: Buffer, within: Range): { key: string; range: Range }[] {
  return [...fieldsOf(bytes, within)].flatMap(({ field, range }) => {
    if (field !== printed.field || !range) {
      return [];
    }
    const fields = [...fieldsOf(bytes, range)];
    const rangeOf = (of: number) => fields.find((each) => each.field === of)?.range;
    const [step, message] = [rangeOf(printed.step), rangeOf(printed.message)];
    const stream = fields.find((each) => each.field === printed.stream)?.value ?? 0;
    return step && message
      ? [{ key: `${bytes.toString("latin1", step.begin, step.end)} ${stream}`, range: message }]
      : [];
  });
}
