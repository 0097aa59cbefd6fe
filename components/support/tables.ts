import { inOneLine } from "./plainText";

/** Rows as text in columns as wide as their widest cell. An empty cell is a dash, and none has a line of its own. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const lines = [header, ...rows.map((row) => row.map((cell) => inOneLine(cell ?? "") || "-"))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map(
      (line) =>
        line
          .map((cell, column) => cell.padEnd(widths[column]))
          .join("  ")
          .trimEnd() + "\n",
    )
    .join("");
}

/** `2026-11-21T09:12:00Z` */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
