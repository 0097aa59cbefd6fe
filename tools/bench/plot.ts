import type { Spread } from "./statistics";

/** One bar of a plot, with how far the figures lie apart, and a mark where it should end. */
export interface Bar {
  label: string;
  value: Spread;
  goal?: number;
}

const [width, left, right, rowHeight, top] = [860, 330, 90, 34, 56];
const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.bar{fill:#2f81f7}
.over{fill:#d4760a}.spread{stroke:#57606a;stroke-width:1.5}.goal{stroke:#1a7f37;stroke-width:2}.line{stroke:#d0d7de}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.spread{stroke:#9da7b3}.goal{stroke:#56d364}.line{stroke:#30363d}}`;

/** Bars from zero, one below the other, as an SVG that is readable on a light and on a dark page. */
export function plot(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value, goal = 0 }) => Math.max(value.most, goal))) * 1.05;
  const x = (value: number) => (left + (value / most) * (width - left - right)).toFixed(1);
  const height = top + bars.length * rowHeight + 14;
  const rows = bars.map(({ label, value, goal }, at) => {
    const y = top + at * rowHeight;
    const middle = y + 10;
    const kind = goal !== undefined && value.median > goal ? "over" : "bar";
    return [
      `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${escapeXml(label)}</text>`,
      `<rect class="${kind}" x="${left}" y="${y}" width="${(Number(x(value.median)) - left).toFixed(1)}" height="20" rx="2"/>`,
      `<line class="spread" x1="${x(value.least)}" y1="${middle}" x2="${x(value.most)}" y2="${middle}"/>`,
      goal === undefined ? "" : `<line class="goal" x1="${x(goal)}" y1="${y - 4}" x2="${x(goal)}" y2="${y + 24}"/>`,
      `<text x="${Number(x(value.most)) + 8}" y="${y + 15}">${value.median.toFixed(2)}${unit}</text>`,
    ].join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${style}</style>`,
    `<text class="title" x="10" y="24">${escapeXml(title)}</text>`,
    `<line class="line" x1="${left}" y1="${top - 12}" x2="${left}" y2="${height - 8}"/>`,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
