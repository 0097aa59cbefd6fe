import { isText, jsonMaskOf } from "./maskJson";
import { type Mask, masked, textMaskOf } from "./maskText";
import { anyTexts, fieldsOf, hide, textsIn } from "./protobufTexts";

/** Of a google.rpc.Status: what went wrong, and details of types of their own. */
const [message, details, detail] = [2, 3, 2];

/**
 * Hides what an error has of values and logins, in place: what went wrong in words, and in details, as BuildKit's stacks and the
 * step that failed.
 *
 * @see https://github.com/moby/buildkit/blob/v0.33.1/util/grpcerrors/grpcerrors.go
 */
export function maskStatus(status: Buffer, values: Mask): Buffer {
  const own = Buffer.from(status);
  const all = { begin: 0, end: own.length };
  for (const range of textsIn(own, all, { [message]: true })) {
    hide(own, [range], textMaskOf(values));
  }
  for (const { field, range } of fieldsOf(own, all)) {
    for (const { begin, end } of field === details && range ? textsIn(own, range, { [detail]: true }) : []) {
      maskDetail(own.subarray(begin, end), values).copy(own, begin);
    }
  }
  return own;
}

/** JSON, or a message. */
export function maskDetail(bytes: Buffer, values: Mask): Buffer {
  if (isText(bytes) && /^\s*[{[]/.test(bytes.toString("latin1"))) {
    return masked(bytes, jsonMaskOf(values));
  }
  const own = Buffer.from(bytes);
  for (const range of anyTexts(own, { begin: 0, end: own.length })) {
    hide(own, [range], textMaskOf(values));
  }
  return masked(own, values);
}
