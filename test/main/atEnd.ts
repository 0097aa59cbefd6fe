const works: (() => unknown)[] = [];

/** What is to be done at the end: after the last test, or where `npm run bench` calls {@link endAll}. */
export function atEnd(work: () => unknown): void {
  works.push(work);
}

/** Does what was put off, in this order. All of it is tried. */
export async function endAll(): Promise<void> {
  const failures: unknown[] = [];
  for (const work of works.splice(0)) {
    await Promise.resolve()
      .then(work)
      .catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}

if (typeof after === "function") {
  // Of the root suite: this module is loaded outside of any `describe`.
  after(async function () {
    this.timeout(120_000);
    await endAll();
  });
}
