import type { StatusOptions } from "./arguments";
import { openAccount } from "../nodes/ec2/shell/account";
import { findConnection, listBuilders } from "../nodes/ec2/shell/findBuilders";
import { readBuilderStatus } from "../nodes/ec2/shell/builderStatus";
import { formatBuilder, formatBuilders } from "./statusText";

/** Starts nothing and changes nothing. */
export async function status({ builder, json, ...options }: StatusOptions): Promise<string> {
  const account = await openAccount(options);
  if (builder === undefined) {
    const builders = await listBuilders(account);
    return json ? toJson(builders) : formatBuilders(builders, `account ${account.account} in ${account.region}`);
  }
  const found = await readBuilderStatus(account, await findConnection(account, builder));
  return json ? toJson(found) : formatBuilder(found, new Date(account.now()));
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
