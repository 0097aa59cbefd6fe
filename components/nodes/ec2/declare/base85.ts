const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/**
 * Bytes as text, five characters for four bytes where base64 takes more than that by a fifteenth. As Python's
 * `base64.b85decode` reads it; without quotes and backslashes.
 */
export function base85(bytes: Uint8Array): string {
  const missing = (4 - (bytes.length % 4)) % 4;
  const padded = Buffer.concat([bytes, Buffer.alloc(missing)]);
  const groups = Array.from({ length: padded.length / 4 }, (_, at) => encode(padded.readUInt32BE(at * 4)));
  const text = groups.join("");
  return text.slice(0, text.length - missing);
}

const encode = (group: number): string =>
  [85 ** 4, 85 ** 3, 85 ** 2, 85, 1].map((weight) => alphabet[Math.floor(group / weight) % 85]).join("");
