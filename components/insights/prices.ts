/**
 * List prices of EC2 instances in us-east-1, in dollars an hour: Linux, on demand, `large`, as of June 2026. Within a
 * family the price grows with the size. Other regions cost up to twice as much, spot instances a third to a half.
 * @see https://aws.amazon.com/ec2/pricing/on-demand/
 */
const largePrices: Readonly<Record<string, number>> = {
  c6a: 0.0765,
  c6g: 0.068,
  c6i: 0.085,
  c7a: 0.10264,
  c7g: 0.0725,
  c7i: 0.08925,
  c8g: 0.07976,
  m6a: 0.0864,
  m6g: 0.077,
  m6i: 0.096,
  m7a: 0.11592,
  m7g: 0.0816,
  m7i: 0.1008,
  m8g: 0.08976,
  r7a: 0.15215,
  r7g: 0.1071,
  r7i: 0.1323,
  r8g: 0.11782,
  t3: 0.0832,
  t3a: 0.0752,
  t4g: 0.0672,
};

/** When the table was made, and of what. Printed with each sum. */
export const priceList = {
  date: "2026-06",
  region: "us-east-1",
  source: "https://aws.amazon.com/ec2/pricing/on-demand/",
};

/** Of a public IPv4 address, which a node has while it runs. https://aws.amazon.com/vpc/pricing/ */
export const addressPrice = 0.005;

const sizes: Readonly<Record<string, number>> = { micro: 1 / 8, small: 1 / 4, medium: 1 / 2, large: 1, xlarge: 2 };

/** The dollars that an hour of a type of instance costs, by the list; nothing of a type that is not in it. */
export function listPrice(machine: string): number | undefined {
  const [family = "", size = ""] = machine.split(".");
  const [, many] = /^(\d+)xlarge$/.exec(size) ?? [];
  const factor = many ? Number(many) * 2 : Object.hasOwn(sizes, size) ? sizes[size] : undefined;
  return factor !== undefined && Object.hasOwn(largePrices, family) ? largePrices[family] * factor : undefined;
}
