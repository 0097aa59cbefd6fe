import { argumentError } from "../../support/errors";
import { checkNumber } from "../../support/numbers";
import type { Ec2NodeArgs } from "./arguments";

/** The size and speed of a gp3 volume. */
export interface Gp3Volume {
  sizeGibibytes: number;
  iops: number;
  throughputMebibytes: number;
}

/** What AWS includes in the price of a volume's size: the least that a volume has. */
const included = { iops: 3_000, throughputMebibytes: 125 };

/** https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html#gp3-ebs-volume-type */
const most = { sizeGibibytes: 65_536, iops: 80_000, throughputMebibytes: 2_000 };
const mostIopsPerGibibyte = 500;
/** AWS says: 0.25 MiB/s for each operation per second. */
const leastIopsPerMebibyte = 4;

/** The aws provider's own limit for volumes of launch templates, as its type docs say (`ebs.throughput`). */
const mostTemplateThroughput = 1_000;

/**
 * The cache's volume of a node. AWS refuses a wrong ratio only when it makes the volume, after other resources.
 * @throws BuildError that names the argument.
 */
export function cacheVolumeOf(owner: string, where: string, node: Ec2NodeArgs): Gp3Volume {
  const argument = (name: keyof Ec2NodeArgs) => `${where}.${name}`;
  const check = (name: keyof Ec2NodeArgs, value: number, least: number, greatest: number) =>
    checkNumber(owner, argument(name), value, least, greatest);
  const sizeGibibytes = check("cacheVolumeSizeGibibytes", node.cacheVolumeSizeGibibytes ?? 30, 1, most.sizeGibibytes);
  const throughputMebibytes = check(
    "cacheVolumeThroughputMebibytes",
    node.cacheVolumeThroughputMebibytes ?? included.throughputMebibytes,
    included.throughputMebibytes,
    most.throughputMebibytes,
  );
  const neededIops = iopsFor(throughputMebibytes);
  const iops = check("cacheVolumeIops", node.cacheVolumeIops ?? neededIops, included.iops, most.iops);
  if (iops < neededIops) {
    const remedy =
      `gp3 allows a quarter of \`cacheVolumeIops\` (${iops}), here ${Math.floor(iops / leastIopsPerMebibyte)}; ` +
      `lower it, or set \`cacheVolumeIops\` to ${neededIops} or leave it out`;
    throw argumentError(owner, argument("cacheVolumeThroughputMebibytes"), throughputMebibytes, remedy);
  }
  const mostIops = Math.max(included.iops, mostIopsPerGibibyte * sizeGibibytes);
  if (iops > mostIops) {
    const isGiven = node.cacheVolumeIops !== undefined;
    const remedy =
      `gp3 allows ${mostIopsPerGibibyte} for each GiB, here ${mostIops}; ` +
      `lower ${isGiven ? "it" : "`cacheVolumeThroughputMebibytes`, which needs so many"}, ` +
      `or set \`cacheVolumeSizeGibibytes\` to at least ${Math.ceil(iops / mostIopsPerGibibyte)}`;
    throw argumentError(owner, argument("cacheVolumeIops"), iops, remedy);
  }
  return { sizeGibibytes, iops, throughputMebibytes };
}

/** The speed of an ephemeral node's system volume: like its cache's volume, for which it stands in, as far as a template allows it. */
export function templateSpeed(cacheThroughputMebibytes: number): Omit<Gp3Volume, "sizeGibibytes"> {
  const throughputMebibytes = Math.min(cacheThroughputMebibytes, mostTemplateThroughput);
  // The smallest system volume, 8 GiB, has 4000: as many as the fastest needs.
  return { throughputMebibytes, iops: iopsFor(throughputMebibytes) };
}

function iopsFor(throughputMebibytes: number): number {
  return Math.max(included.iops, leastIopsPerMebibyte * throughputMebibytes);
}
