/**
 * Makes what tests use and what stays on the machine, before the first of them begins: on a new machine that takes longer
 * than any test may. `test/prepare.ts PART…` says of each part to its parent process when it is there.
 */
import { prepareEnvironment } from "./cloud/emulator";
import { prepareAmi } from "./cloud/images";
import { testPulumiHome } from "./cloud/plugins/install";
import { prepareArm64Image } from "./hosts/arm64Image";
import { baseLayout, debianLayout } from "./hosts/baseImage";
import { prepareEngine } from "./hosts/dockerEngine";
import { podImages } from "./kubernetes/images";
import { kubernetesProvider, kubernetesTools } from "./kubernetes/tools";
import { type HostPart, missingRequirements, preparedParts } from "./hosts/requirements";

type Work = () => Promise<unknown>;

const work: Partial<Record<HostPart, readonly Work[]>> = {
  account: [prepareEnvironment, testPulumiHome],
  "debian roots": [baseLayout, debianLayout],
  cloud: [prepareAmi.node, prepareAmi.debian],
  "docker engine": [prepareEngine],
  "arm64 machine": [prepareArm64Image],
  kubernetes: [async () => podImages(await kubernetesTools()), kubernetesProvider],
  "arm64 cloud": [prepareAmi["node-arm64"]],
};

async function main(wanted: readonly string[]): Promise<void> {
  for (const part of preparedParts.filter((each) => wanted.includes(each))) {
    try {
      // Where the machine lacks something for it, its tests are skipped.
      if (missingRequirements([part]).length === 0) {
        for (const step of work[part] ?? []) await step();
      }
    } catch (error) {
      console.error(`${part}: ${String(error)}`);
      process.exitCode = 1;
    }
    process.send?.(part);
  }
}

void main(process.argv.slice(2)).finally(() => process.disconnect?.());
