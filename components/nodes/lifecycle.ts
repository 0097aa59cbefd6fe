import { argumentError } from "../support/errors";
import { checkWholeNumber } from "../support/numbers";

/** What becomes of nodes that have nothing to build: see `lifecycle` of a builder's arguments. */
export type Lifecycle = "persistent" | "stop-when-idle" | "ephemeral";

/** How long the nodes of a builder live, and how long they are waited for. */
export interface Life {
  lifecycle: Lifecycle;
  /** `null`: a node without a build goes on. */
  idleTimeoutMinutes: number | null;
  /** `null`: a node may be of any age. */
  maxLifetimeMinutes: number | null;
  wakeTimeoutSeconds: number;
}

/** What of it a user may give. */
export interface GivenLife {
  lifecycle?: Lifecycle;
  idleTimeoutMinutes?: number;
  maxLifetimeMinutes?: number;
  wakeTimeoutSeconds?: number;
}

/** One row for each lifecycle. `null`: without an end. */
const lifecycles: Record<Lifecycle, Pick<Life, "idleTimeoutMinutes" | "maxLifetimeMinutes">> = {
  persistent: { idleTimeoutMinutes: null, maxLifetimeMinutes: null },
  "stop-when-idle": { idleTimeoutMinutes: 10, maxLifetimeMinutes: 720 },
  ephemeral: { idleTimeoutMinutes: 2, maxLifetimeMinutes: 720 },
};

/** @throws BuildError for one that is none. */
export function checkLifecycle(owner: string, { lifecycle = "stop-when-idle" }: GivenLife): Lifecycle {
  if (!Object.hasOwn(lifecycles, lifecycle)) {
    const allowed = Object.keys(lifecycles).map((each) => `"${each}"`);
    throw argumentError(owner, "lifecycle", lifecycle, `${allowed.join(", ")} are allowed`);
  }
  return lifecycle;
}

/**
 * The life of a builder's nodes, with every default filled in.
 * @param kinds the kinds of its nodes.
 * @throws BuildError that names the argument.
 */
export function lifeOf(
  owner: string,
  given: GivenLife,
  kinds: readonly { lifecycles: readonly Lifecycle[]; wakeTimeoutSeconds: number }[],
  /** The kinds of node that a lifecycle is for, in words. */
  suitable: (lifecycle: Lifecycle) => string,
): Life {
  const lifecycle = checkLifecycle(owner, given);
  if (!kinds.some((kind) => kind.lifecycles.includes(lifecycle))) {
    const remedy = `it is for nodes of kind ${suitable(lifecycle)}, and there is none; leave it out`;
    throw argumentError(owner, "lifecycle", lifecycle, remedy);
  }
  const usual = lifecycles[lifecycle];
  const check = (argument: keyof GivenLife, value: number) => checkWholeNumber(owner, argument, value, 1);
  const maxLifetimeMinutes = given.maxLifetimeMinutes ?? usual.maxLifetimeMinutes;
  // What never idles out has no such timeout, whatever is given.
  const idleTimeoutMinutes = usual.idleTimeoutMinutes && (given.idleTimeoutMinutes ?? usual.idleTimeoutMinutes);
  const longest = Math.max(...kinds.map(({ wakeTimeoutSeconds }) => wakeTimeoutSeconds));
  return {
    lifecycle,
    maxLifetimeMinutes: maxLifetimeMinutes === null ? null : check("maxLifetimeMinutes", maxLifetimeMinutes),
    idleTimeoutMinutes: idleTimeoutMinutes === null ? null : check("idleTimeoutMinutes", idleTimeoutMinutes),
    wakeTimeoutSeconds: check("wakeTimeoutSeconds", given.wakeTimeoutSeconds ?? longest),
  };
}
