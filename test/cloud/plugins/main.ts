// The X.509 library's dependency injection needs it before its own first line runs.
import "reflect-metadata";

import { aws } from "./aws";
import { listen } from "./protocol/server";
import { tls } from "./tls";

/** Serves both to engines that find them running. These read the line as PULUMI_DEBUG_PROVIDERS. */
async function main(): Promise<void> {
  console.log(`aws:${await listen(aws)},tls:${await listen(tls)}`);
}

void main();
