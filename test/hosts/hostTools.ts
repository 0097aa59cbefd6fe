import { prepareTools, type Tool, type ToolName } from "../../tools";

const prepared = new Map<string, Promise<Tool>>();

/** Path of one of the project's own tools, made ready when it is not; for this machine, or for the arm64 one. */
export async function hostTool(name: ToolName, platform?: "linux/arm64"): Promise<string> {
  return (await prepareOnce(name, platform)).path;
}

/** What tells this build of a tool from others, for keys of what it is put into. */
export async function toolIdentity(name: ToolName, platform?: "linux/arm64"): Promise<string> {
  const { version, source } = await prepareOnce(name, platform);
  return `${name} ${version} ${platform ?? ""} ${source}`;
}

function prepareOnce(name: ToolName, platform?: "linux/arm64"): Promise<Tool> {
  const key = `${name} ${platform ?? ""}`;
  const tool = prepared.get(key) ?? prepareTools([name], { platform }).then(([only]) => only);
  prepared.set(key, tool);
  return tool;
}
