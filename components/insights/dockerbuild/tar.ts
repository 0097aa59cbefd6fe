const blockBytes = 512;

/** A file of a tar archive; without bytes it is a folder, whose name ends with a slash. */
export interface TarEntry {
  name: string;
  mode: number;
  bytes?: Buffer;
}

/** Archives hold no time and no owner: the same entries are the same bytes. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [headerOf(entry), padded(entry.bytes ?? Buffer.alloc(0))]);
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function headerOf({ name, mode, bytes }: TarEntry): Buffer {
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  header.write(name, 0);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes?.length ?? 0, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(" ".repeat(8), 148);
  header.write(bytes ? "0" : "5", 156);
  header.write("ustar\x0000", 257);
  // The sum is made with spaces in its own place.
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)]);
}
