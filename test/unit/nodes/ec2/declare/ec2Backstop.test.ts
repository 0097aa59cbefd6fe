import * as assert from "node:assert/strict";

import { backstopWindow } from "../../../../../components/nodes/ec2/declare/backstop";

describe("the backstop of an EC2 node", () => {
  for (const [idle, period, evaluationPeriods] of [
    [10, 300, 24],
    [1, 300, 23],
    [240, 300, 70],
    [1_330, 300, 288],
    [1_331, 3_600, 25],
    [60_000, 3_600, 168],
  ]) {
    it(`of a timeout of ${idle} minutes looks back over ${evaluationPeriods} times ${period} s`, () => {
      assert.deepEqual(backstopWindow(idle), { period, evaluationPeriods });
    });
  }
});
