import * as path from "node:path";

import { onInterruption } from "../../../support/interruption";
import type { Progress } from "../../../support/progress";
import { formatTime } from "../../../support/tables";
import { endHolder, holdersIn } from "../../../transport/holders";
import { Relay } from "../../../transport/relay";
import type { Node } from "../../node";
import type { Held } from "../../shell";
import { type Carrier, startCarrier } from "./carrierProcess";
import type { FoundBuilder } from "./find";
import type { Place } from "./place";

/** The relay by which buildx reaches a builder's pods from a shell. That of an update is another one. */
export function holdRelay(builderName: string, nodeNames: readonly string[]): Relay {
  return new Relay(`wake ${builderName}`, nodeNames);
}

/** The folder of its sockets. */
export function holdFolder({ builderName, declared }: Pick<FoundBuilder, "builderName" | "declared">): string {
  const names = declared.map(({ name }) => name);
  return path.dirname(holdRelay(builderName, names).socket(names[0]));
}

/**
 * Nodes that stay awake: a process of this machine keeps a connection to each, which is what their pods stay for, and carries
 * buildx's. It outlives the command, which is over when the nodes are awake.
 */
export async function holdNodes<T>(
  place: Place,
  builder: FoundBuilder,
  chosen: readonly Node[],
  minutes: number,
  progress: Progress,
  use: (held: Held) => Promise<T>,
): Promise<T> {
  const folder = holdFolder(builder);
  const older = await holdersIn(folder);
  // What is held already is never shortened.
  const until = new Date(Math.max(Date.now() + minutes * 60_000, ...older.map((each) => each.until.getTime())));
  const nodes = chosen.flatMap(({ name }) => builder.nodes.find((node) => node.name === name) ?? []);
  let carrier: Carrier | undefined;
  const ignoreInterruption = onInterruption(() => Promise.resolve(carrier?.end()));
  try {
    return await use({
      until,
      nodes,
      reach: async () => {
        const own = nodes.map(({ name }) => name);
        carrier = startCarrier({ settings: place.settings, builder: stored(builder), chosen: own, until });
        await carrier.ready;
        progress(`process ${carrier.pid} of this machine carries connections to the pods until ${formatTime(until)}`);
        const relay = holdRelay(builder.builderName, namesOf(builder));
        return own.map((name) => ({ endpoint: relay.registeredEndpoint(name) }));
      },
      giveUpOlder: async () => {
        // Builds go by it from here on, and it stays: an older one that yields holds nothing to go back to.
        carrier = undefined;
        // They end when what is built through them is done.
        await Promise.all(older.map((each) => endHolder(each, "yield")));
      },
    });
  } catch (error) {
    carrier?.end();
    throw error;
  } finally {
    ignoreInterruption();
  }
}

function namesOf({ declared }: FoundBuilder): string[] {
  return declared.map(({ name }) => name);
}

function stored({ builderName, tls, declared }: FoundBuilder) {
  return { builderName, tls, nodes: declared };
}
