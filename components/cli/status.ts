import type { StatusOptions } from "./commands";
import { findBuilder, shellsOf } from "./builders";
import type { Shown } from "../nodes/shell";

/** Starts nothing and changes nothing. */
export async function status({ builder, json, ...options }: StatusOptions): Promise<string> {
  if (builder !== undefined) {
    const shown = await (await findBuilder(builder, options)).status();
    return json ? toJson(shown.json) : shown.text;
  }
  const lists: Shown[] = await Promise.all(shellsOf(options).map((shell) => shell.list(options)));
  return json ? toJson(lists.flatMap((each) => each.json)) : lists.map(({ text }) => text).join("\n");
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
