/**
 * Makes all that the cloud's tests use and that stays on the machine, before the first of them begins: on a new machine
 * that takes longer than any test may.
 */
import { debianLayout } from "../hosts/baseImage";
import { missingRequirements } from "../hosts/requirements";
import { prepareRelease } from "./downloads";
import { prepareRepository } from "./downloadsPackages";
import { prepareEnvironment } from "./emulator";
import { prepareImages } from "./images";
import { testPulumiHome } from "./plugins/install";

async function main(): Promise<void> {
  if (missingRequirements(["cloud", "debian roots"]).length > 0) {
    return;
  }
  const steps = [prepareEnvironment, prepareRelease, prepareRepository, prepareImages, debianLayout, testPulumiHome];
  // One after the other: each keeps every core busy.
  for (const step of steps) {
    await step();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
