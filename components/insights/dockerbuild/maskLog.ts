import { type Mask, masked, textMaskOf } from "./maskText";
import { fieldsOf, hide, type Range, type Texts, textsIn } from "./protobufTexts";

/** Of a StatusResponse: its steps, their parts, what they print, warnings with the Dockerfile that they are about. */
const texts: Texts = {
  1: { 3: true, 7: true },
  2: { 1: true, 3: true },
  4: { 3: true, 4: true, 5: true, 6: { 2: true } },
};
const printed = { field: 3, step: 1, stream: 3, message: 4 };

/**
 * Hides what a build's log has of values and logins, in place. What a step prints comes in pieces, of which two may share a
 * value.
 *
 * @see https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/history/buildhistory.go (`ImportStatus`)
 */
export function maskLog(log: Buffer, values: Mask): Buffer {
  const own = Buffer.from(log);
  const mask = textMaskOf(values);
  const pieces = new Map<string, Range[]>();
  for (let at = 0; at < log.length;) {
    const begin = at + 4;
    at = begin + log.readUInt32LE(at);
    for (const range of textsIn(own, { begin, end: at }, texts)) {
      hide(own, [range], mask);
    }
    for (const { key, range } of piecesIn(own, { begin, end: at })) {
      pieces.set(key, [...(pieces.get(key) ?? []), range]);
    }
  }
  for (const ranges of pieces.values()) {
    hide(own, ranges, mask);
  }
  return masked(own, values);
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
