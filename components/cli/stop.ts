import type { StopOptions } from "./commands";
import { findBuilder } from "./builders";
import { withProgress } from "./withProgress";

/** Stops a builder's nodes now, unless somebody needs them. */
export async function stop({ builder, force, wait, ...options }: StopOptions): Promise<string> {
  return withProgress(`stopping ${builder}`, async (progress) =>
    (await findBuilder(builder, options)).stop({ force, wait }, progress),
  );
}
