import * as path from "node:path";
import { prepare } from "./prepare";
import type { PreparedTool } from "./recipe";
import { TOOLS, TOOL_NAMES, type ToolName } from "./table";

export { cacheDirectory } from "../components/support/paths";
export { toolEnvironment } from "./environment";
export type { ToolName } from "./table";
export type Tool = PreparedTool<ToolName>;

/** Makes the real tools ready at their pinned versions; without names all of them, without a platform for this machine. */
export function prepareTools(
  names: readonly ToolName[] = TOOL_NAMES,
  options: { platform?: "linux/amd64" | "linux/arm64" } = {},
): Promise<Tool[]> {
  return prepare(names, { ...options, table: TOOLS, recipes: path.join(__dirname, "offline") });
}
