import { join } from "node:path";

import { waitUntil } from "../../hosts/command";
import { startProcess } from "../../hosts/hostProcess";
import type { TestRun } from "../../hosts/testRun";
import { runningCommand } from "./install";

export interface Engines {
  run: TestRun;
  /** What their commands have of the environment: all that both providers see of the account. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The command line that runs a command where they are. @default - this machine */
  enter?: (command: string[]) => string[];
}

const running = new Map<string, Promise<string>>();

/**
 * Stand-ins of both providers that run already, for all commands with the same environment: each command would start both
 * anew, which takes a third of what an update without a build takes. How an engine starts and ends them, plugins.test.ts shows.
 * What a killed engine asked for, they would do: a command that is killed starts its own.
 * https://www.pulumi.com/docs/iac/guides/building-extending/using-existing-tools/debugging-provider-packages/
 *
 * @returns what a command needs to find them.
 */
export async function runningPlugins({ run, environment, enter }: Engines): Promise<NodeJS.ProcessEnv> {
  const key = JSON.stringify([run.folder, environment, enter?.([])]);
  const found = running.get(key) ?? start(run, environment, enter ?? ((command) => command), `plugins-${running.size}`);
  running.set(key, found);
  return { PULUMI_DEBUG_PROVIDERS: await found };
}

async function start(
  run: TestRun,
  environment: Engines["environment"],
  enter: (command: string[]) => string[],
  name: string,
): Promise<string> {
  const { command, environment: own } = await runningCommand();
  const log = join(run.folder, `${name}.log`);
  const env = { PATH: process.env.PATH, HOME: run.folder, ...environment, ...own };
  const plugins = startProcess(run, enter(command), { log, env });
  return waitUntil(
    "the stand-ins of providers",
    () => {
      const ports = /^aws:\d+,tls:\d+$/m.exec(plugins.log())?.[0];
      return ports ? Promise.resolve(ports) : Promise.reject(new Error(`they said: ${plugins.log()}`));
    },
    { timeoutMilliseconds: 60_000, pauseMilliseconds: 50 },
  );
}
