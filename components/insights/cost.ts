import { addressPrice, listPrice, priceList } from "./prices";

/** Dollars an hour: by the type of an EC2 instance (`m8g.large`), or by the name of a node. */
export type Prices = Readonly<Record<string, number>>;

/** What one node cost. */
export interface NodeCost {
  node: string;
  machine?: string;
  seconds: number;
  /** Absent where no price of the machine is known. */
  dollars?: number;
}

/**
 * What a build cost: the seconds in which its nodes woke and built for it. Not in it is what they idle afterwards, and what
 * their volumes cost each month. Images that build on a node at the same time share its seconds, and each counts them.
 */
export interface BuildCost {
  nodeSeconds: number;
  /** Of all nodes whose price is known; absent where none is. */
  dollars?: number;
  nodes: NodeCost[];
  /** Where the prices are from. */
  prices: string;
}

/** How long a node was needed by a build, and what it is. */
export interface UsedNode {
  name: string;
  seconds: number;
  machine?: string;
}

export function costOf(used: readonly UsedNode[], prices: Prices = {}): BuildCost {
  const nodes = used.map(({ name, machine, seconds }): NodeCost => {
    const hour = priceOf(name, machine, prices);
    return {
      node: name,
      ...(machine && { machine }),
      seconds: round(seconds, 2),
      ...(hour !== undefined && { dollars: round((hour * seconds) / 3_600, 6) }),
    };
  });
  const known = nodes.flatMap(({ dollars }) => dollars ?? []);
  const isListed = used.some(({ name, machine }) => machine && ownPrice(name, machine, prices) === undefined);
  return {
    nodeSeconds: round(
      nodes.reduce((sum, { seconds }) => sum + seconds, 0),
      2,
    ),
    ...(known.length > 0 && {
      dollars: round(
        known.reduce((sum, each) => sum + each, 0),
        6,
      ),
    }),
    nodes,
    prices:
      known.length === 0
        ? "none known"
        : isListed
          ? `list prices on demand of ${priceList.region}, ${priceList.date} (${priceList.source})`
          : "given in `prices`",
  };
}

function ownPrice(name: string, machine: string | undefined, prices: Prices): number | undefined {
  return [name, machine ?? ""].flatMap((each) => (Object.hasOwn(prices, each) ? prices[each] : []))[0];
}

function priceOf(name: string, machine: string | undefined, prices: Prices): number | undefined {
  const own = ownPrice(name, machine, prices);
  const listed = machine === undefined ? undefined : listPrice(machine);
  return own ?? (listed === undefined ? undefined : listed + addressPrice);
}

/** In words, as precise as a sum of its size is meant: `$0.00420`. */
export function describeDollars(dollars: number): string {
  return `$${dollars >= 0.995 ? dollars.toFixed(2) : dollars >= 0.01 ? dollars.toFixed(3) : dollars.toFixed(5)}`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
