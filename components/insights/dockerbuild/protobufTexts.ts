import { Reader } from "protobufjs";

import { isText } from "./maskJson";
import { type Mask, masked } from "./maskText";

/** Texts of a message, by field: `true`, or those of a message in it. */
export interface Texts {
  readonly [field: number]: true | Texts;
}

export interface Range {
  begin: number;
  end: number;
}

const delimited = 2;

/** The ranges are one text together. */
export function hide(bytes: Buffer, ranges: readonly Range[], mask: Mask): void {
  const whole = masked(Buffer.concat(ranges.map(({ begin, end }) => bytes.subarray(begin, end))), mask);
  let from = 0;
  for (const { begin, end } of ranges) {
    whole.copy(bytes, begin, from, (from += end - begin));
  }
}

export function* fieldsOf(
  bytes: Buffer,
  { begin, end }: Range,
): Generator<{ field: number; range?: Range; value?: number }> {
  const reader = new Reader(bytes.subarray(0, end));
  reader.pos = begin;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if ((tag & 7) === delimited) {
      const length = reader.uint32();
      const from = reader.pos;
      reader.skip(length);
      yield { field: tag >>> 3, range: { begin: from, end: from + length } };
    } else if ((tag & 7) === 0) {
      yield { field: tag >>> 3, value: Number(reader.uint64()) };
    } else {
      reader.skipType(tag & 7);
    }
  }
}

export function textsIn(bytes: Buffer, within: Range, wanted: Texts): Range[] {
  return [...fieldsOf(bytes, within)].flatMap(({ field, range }) => {
    const of = wanted[field];
    return !range || !of ? [] : of === true ? [range] : textsIn(bytes, range, of);
  });
}

/** Texts of a message of which nothing is known, as `protoc --decode_raw` finds them; where it is none, one text. */
export function anyTexts(bytes: Buffer, within: Range): Range[] {
  if (isText(bytes.subarray(within.begin, within.end))) {
    return [within];
  }
  try {
    return [...fieldsOf(bytes, within)].flatMap(({ range }) => (range ? anyTexts(bytes, range) : []));
  } catch {
    return [within];
  }
}
