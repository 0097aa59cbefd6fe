import type { ReportedBuild } from "../report";
import { describeSeconds } from "../summary";
import { imageArticle } from "./image";
import { style } from "./style";
import { escape } from "./text";

/**
 * One page of all images of an update: it loads nothing, has no script, and what its bars show is in its text, too, for places
 * that allow no style (https://www.jenkins.io/doc/book/security/configuring-content-security-policy/).
 */
export function page(builds: readonly ReportedBuild[]): string {
  const [first] = builds;
  const failed = builds.filter(({ report }) => report.result === "failed").length;
  const count = `${builds.length} ${builds.length === 1 ? "image" : "images"}${failed > 0 ? `, ${failed} failed` : ""}`;
  const title = builds.length === 1 ? `Build of ${first.report.image}` : `Builds of ${count}`;
  const started = builds.map(({ report }) => report.startedAt).sort()[0] ?? "";
  const node = builds.reduce((sum, { report }) => sum + report.cost.nodeSeconds, 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header class="page">
<h1>Build report</h1>
<p>stack ${escape(first?.report.stack ?? "")} · ${escape(started.replace("T", " ").replace(/\.\d+Z$/, " UTC"))} · ${escape(count)} · node time ${describeSeconds(node)}</p>
</header>
${builds.map(imageArticle).join("\n")}
<footer>multi-platform-image · what BuildKit recorded on the nodes, read at the end of the build</footer>
</main>
</body>
</html>
`;
}
