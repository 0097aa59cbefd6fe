import * as assert from "node:assert/strict";

import type { Stack } from "../main/stack";
import { runsAll } from "../tier";

/**
 * Destroys a stack of the tests' cloud, which ends with its file anyway: in `npm run test:all` alone. That `destroy` leaves
 * nothing is shown where it is what is tested, by the life of a builder and after a kill.
 */
export async function destroyInAll(stack: Stack | undefined, ...extra: string[]): Promise<void> {
  if (stack && runsAll) {
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview", ...extra);
    assert.equal(code, 0, output);
  }
}
