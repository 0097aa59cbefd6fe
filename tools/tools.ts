import { cacheDirectory, prepareTools } from "./index";
import { runCommand } from "./command";
import { say, seconds } from "./progress";

runCommand(async () => {
  const started = Date.now();
  const tools = await prepareTools();
  const rows = [
    ["tool", "version", "from", "path"],
    ...tools.map((tool) => [tool.name, tool.version, tool.source, tool.path]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    say(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  }
  say(`${tools.length} tools ready in ${seconds(started)}, cache: ${cacheDirectory()}`);
  return 0;
});
