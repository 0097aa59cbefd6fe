import * as assert from "node:assert/strict";

import { type ConditionKeys, isAllowed, type Policy } from "../../../../cloud/policy";

const policy = (statement: object): Policy => ({
  Statement: [{ Effect: "Allow", Action: "ec2:*", Resource: "*", ...statement }],
});

const asked = (keys: ConditionKeys = {}, resource = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1") => ({
  action: "ec2:StartInstances",
  resource,
  keys,
});

const conditions: [condition: object, met: ConditionKeys[], unmet: ConditionKeys[]][] = [
  [{ StringEquals: { k: ["a", "b"] } }, [{ k: "a" }, { k: "b" }], [{}, { k: "A" }, { k: "ab" }]],
  [{ StringLike: { k: "a-??*" } }, [{ k: "a-12" }, { k: "a-1234" }], [{}, { k: "a-1" }, { k: "b-12" }]],
  [{ StringNotLike: { k: ["a-*", "b"] } }, [{}, { k: "*" }, { k: "a" }], [{ k: "a-1" }, { k: "b" }]],
  [{ StringEqualsIfExists: { k: "a" } }, [{}, { k: "a" }], [{ k: "b" }]],
  [{ ArnLike: { k: "arn:aws:ec2:*:*:x/*" } }, [{ k: "arn:aws:ec2:r:1:x/y" }], [{}, { k: "arn:aws:ec2:r:x/y" }]],
  [{ Bool: { k: "true" } }, [{ k: "true" }, { k: "True" }], [{}, { k: "false" }]],
  [{ Null: { k: "false" } }, [{ k: "" }], [{}]],
  [{ Null: { k: "true" } }, [{}], [{ k: "" }]],
  [
    { "ForAllValues:StringLike": { k: ["a-*", "b"] } },
    [{}, { k: [] }, { k: "a-1" }, { k: ["a-1", "b"] }],
    [{ k: ["a-1", "c"] }],
  ],
  [{ StringEquals: { k: "a", l: "b" }, Bool: { m: "true" } }, [{ k: "a", l: "b", m: "true" }], [{ k: "a", l: "b" }]],
];

describe("the tests' reading of IAM policies", () => {
  for (const [Condition, met, unmet] of conditions) {
    it(`knows ${JSON.stringify(Condition)}`, () => {
      for (const keys of met) assert.equal(isAllowed([policy({ Condition })], asked(keys)), true, JSON.stringify(keys));
      for (const keys of unmet)
        assert.equal(isAllowed([policy({ Condition })], asked(keys)), false, JSON.stringify(keys));
    });
  }

  it("refuses what nothing allows, and what something denies", () => {
    assert.equal(isAllowed([], asked()), false);
    assert.equal(isAllowed([policy({ Action: "ec2:StopInstances" })], asked()), false);
    assert.equal(isAllowed([policy({}), policy({ Effect: "Deny" })], asked()), false);
  });

  it("has no wildcard that reaches over the parts of an ARN", () => {
    const [one, all] = ["arn:aws:ec2:*:instance/*", "arn:aws:ec2:*:*:instance/*"];
    assert.equal(isAllowed([policy({ Resource: one })], asked()), false);
    assert.equal(isAllowed([policy({ Resource: all })], asked()), true);
    assert.equal(isAllowed([policy({ Resource: all })], asked({}, "*")), false);
  });

  it("fails for what it does not know", () => {
    const unknown: object[] = [
      { Condition: { NumericLessThan: { k: "1" } } },
      { Condition: { "ForAnyValue:StringEquals": { k: "a" } } },
      { NotResource: "arn:aws:ec2:*:*:instance/*" },
      { Resource: "arn:aws:ec2:*:*:instance/${aws:username}" },
    ];
    for (const statement of unknown) {
      assert.throws(() => isAllowed([policy(statement)], asked({ k: "a" })), /is not known here: add it$/);
    }
    const single = policy({ Condition: { StringEquals: { k: "a" } } });
    assert.throws(() => isAllowed([single], asked({ k: ["a"] })), /is not known here: add it$/);
  });
});
