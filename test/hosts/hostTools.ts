import { join } from "node:path";
export async function hostTool(name: string, platform?: "linux/arm64"): Promise<string> {
  return join(platform === "linux/arm64" ? "/tmp/w/arm64" : "/tmp/w/bin", name);
}
export function testCache(...parts: string[]): string { return join("/tmp/w/cache/test", ...parts); }
