import type { NodeSettings } from "./connection";
import { BuildError } from "../../support/errors";
import { buildkitdToml } from "./buildkitdToml";
import type { NormalEc2Node } from "./normalNode";

/** Of an advanced parameter: https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm */
const parameterBytes = 8_192;

/** As long as every id of a volume. */
const someVolumeId = "vol-0123456789abcdef0";

/** What the node reads of its arguments, as plain values. */
export function nodeSettings(node: NormalEc2Node, volumeId: string): NodeSettings {
  return {
    isEphemeral: node.isEphemeral,
    volumeId,
    idleTimeoutMinutes: node.idleTimeoutMinutes,
    maxLifetimeMinutes: node.maxLifetimeMinutes,
    buildkit: node.buildkit,
    buildkitdToml: buildkitdToml(node),
  };
}

/** Parameter Store would refuse them when all else is made. @throws BuildError that names the arguments */
export function checkSettingsFit(owner: string, node: NormalEc2Node): void {
  const bytes = Buffer.byteLength(JSON.stringify(nodeSettings(node, someVolumeId)));
  if (bytes > parameterBytes) {
    const mirrors = Object.values(node.registryMirrors).flat().length;
    throw new BuildError(
      `${owner}: \`ec2.registryMirrors\` has ${mirrors} mirrors and \`ec2.insecureRegistries\` ${node.insecureRegistries.length} ` +
        `registries: with them the settings of node ${node.name} have ${bytes} bytes, and a parameter of Systems Manager ` +
        `holds ${parameterBytes}; name fewer, or one mirror in front of them`,
    );
  }
}
