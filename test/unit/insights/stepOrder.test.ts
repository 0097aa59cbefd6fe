import * as assert from "node:assert/strict";

import { inOrder } from "../../../components/insights/html/stepOrder";

describe("insights: steps of the page", () => {
  it("are in the order in which they began, and those of a stage in that of the Dockerfile", () => {
    const rows = [
      { name: "[build 1/4] FROM base", start: 1 },
      { name: "[build 2/4] COPY a ./", start: 3 },
      { name: "[build 3/4] RUN make", start: 2 },
      { name: "[stage-1  1/10] FROM base", start: 1.5 },
      { name: "[stage-1 10/10] COPY --from=build /a /", start: 5 },
      { name: "[build 4/4] RUN test", start: 4 },
    ];
    assert.deepEqual(
      inOrder([...rows].reverse()).map(({ name }) => name),
      [0, 3, 1, 2, 5, 4].map((at) => rows[at].name),
    );
  });

  it("are in the order of the Dockerfile, too, where it has one stage, without a name", () => {
    const rows = [
      { name: "[ 1/10] FROM base", start: 1 },
      { name: "[ 2/10] COPY a ./", start: 3 },
      { name: "[ 3/10] RUN make", start: 2 },
    ];
    assert.deepEqual(inOrder([rows[2], rows[1], rows[0]]), rows);
  });
});
