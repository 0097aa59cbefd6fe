import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { tagNames } from "../../../../../components/nodes/ec2/connection";
import { builderPattern } from "../../../../../components/nodes/ec2/policies/builderPattern";
import { callerPolicy, type CallerRole, callerRoles } from "../../../../../components/nodes/ec2/policies/policyTable";
import { actionsOf, isAllowed, type Permission, type Policy } from "../../../../cloud/policy";
import { calls, launch, type Owner, passRole, putAlarm, template } from "./policyCalls";

const documented = path.resolve(__dirname, "../../../../../docs/policies");
const own = "builders-1a2b3c4d";

/** Whose things are not a builder's own. */
const others: [whose: string, owner: Owner][] = [
  ["another builder's", "production-0badcafe"],
  ["nobody's", undefined],
  ["those of a builder whose name begins with this one's", "builders-platform-1a2b3c4d"],
];
/** Of another stack. */
const sibling: [whose: string, owner: Owner] = ["those of a builder of the same name", "builders-5e6f7a8b"];

/** What was asked of the policies, and how often each answer was given. */
const answers = { allowed: 0, refused: 0 };

/** A call is allowed if all that it asks for is. */
function allows(policy: Policy, asked: readonly Permission[]): boolean {
  const isAll = asked.every((permission) => isAllowed([policy], permission));
  answers[isAll ? "allowed" : "refused"] += 1;
  return isAll;
}

const isLookUp = (action: string): boolean => /:(Describe(?!InstanceAttribute)\w+|GetCallerIdentity)$/.test(action);

for (const [given, strangers] of [
  [own, [...others, sibling]],
  ["builders", others],
] as const) {
  describe(`the callers' policies for ${given}`, () => {
    const policyFor = (role: CallerRole) => callerPolicy(role, { builder: builderPattern(given) });

    for (const role of callerRoles) {
      const policy = policyFor(role);

      it(`${role}: allows what this caller calls on its builder, and no call of others`, () => {
        for (const { what, by, asks } of calls) {
          assert.equal(allows(policy, asks(own)), by.includes(role), what);
        }
      });

      for (const [whose, owner] of strangers) {
        it(`${role}: refuses every call on what is ${whose}`, () => {
          for (const { what, asks } of calls) {
            assert.equal(allows(policy, asks(owner)), false, what);
          }
        });
      }

      it(`${role}: refuses to give what is its builder's to another`, () => {
        const becomes = { [`aws:RequestTag/${tagNames.builder}`]: "production-0badcafe" };
        for (const { what, asks } of calls.filter(({ what }) => what === "CreateTags")) {
          const [asked] = asks(own);
          assert.equal(isAllowed([policy], { ...asked, keys: { ...asked.keys, ...becomes } }), false, what);
        }
      });

      it(`${role}: refuses a mixture of its builder's things and another's`, () => {
        for (const { what, asks } of calls) {
          const [mine, theirs] = [asks(own), asks("production-0badcafe")];
          const isTold = (at: number) => JSON.stringify(mine[at]) !== JSON.stringify(theirs[at]);
          for (const at of mine.keys()) {
            if (isTold(at)) {
              assert.equal(allows(policy, mine.with(at, theirs[at])), false, `${what}, ${theirs[at].resource}`);
            }
          }
        }
      });
    }
  });
}

describe("the callers' policies", () => {
  before(() => {
    const { allowed, refused } = answers;
    console.log(
      `    ${calls.length} calls × ${callerRoles.length} policies, for one's own and others' things and mixtures of them: ` +
        `${allowed + refused} asked, ${allowed} allowed, ${refused} refused, each as it should be`,
    );
  });

  for (const role of callerRoles) {
    const policy = callerPolicy(role, { builder: own });

    it(`${role}: has no action that is in no table of calls`, () => {
      const known = calls.filter(({ by }) => by.includes(role)).flatMap(({ asks }) => asks(own));
      const needed = new Set(known.map(({ action }) => action));
      const outside = ["iam:CreateServiceLinkedRole"];
      const unknown = actionsOf(policy).filter((action) => !needed.has(action) && !isLookUp(action));
      assert.deepEqual(unknown, ["build-ephemeral", "manage"].includes(role) ? outside : []);
    });

    it(`${role}: is bound to all resources by nothing but look-ups`, () => {
      const free = policy.Statement.filter(({ Resource }) => Resource.includes("*"));
      assert.deepEqual(
        free.flatMap(({ Action }) => Action).filter((action) => !isLookUp(action)),
        [],
      );
    });

    it(`${role}: fits into a managed policy, also with a long name, an account and a region`, () => {
      const target = { builder: `${"n".repeat(40)}-1a2b3c4d`, account: "111122223333", region: "ap-southeast-2" };
      // Without whitespace: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
      assert.ok(JSON.stringify(callerPolicy(role, target)).length <= 6144);
    });

    it(`${role}: passes roles to EC2 alone`, () => {
      assert.equal(isAllowed([policy], passRole(own, "lambda.amazonaws.com")), false);
    });
  }

  for (const role of callerRoles) {
    it(`${role}: is in the docs as it is in the table, with a placeholder`, () => {
      const kept = JSON.parse(fs.readFileSync(path.join(documented, `${role}.json`), "utf8")) as unknown;
      assert.deepEqual(kept, callerPolicy(role, { builder: "BUILDER" }), "docs/policies is old. Fix: `npm run docs`");
    });
  }

  it("no other policy is in the docs", () => {
    assert.deepEqual(fs.readdirSync(documented).sort(), callerRoles.map((role) => `${role}.json`).sort());
  });

  it("building is part of managing", () => {
    for (const { what, asks } of calls.filter(({ by }) => by.includes("build"))) {
      assert.ok(allows(callerPolicy("manage", { builder: own }), asks(own)), what);
    }
  });

  it("launching without the builder's template is refused to who only builds", () => {
    const asks = calls.find(({ what }) => what === "RunInstances")!.asks(own);
    assert.equal(allows(callerPolicy("build-ephemeral", { builder: own }), asks), false);
  });

  it("launching a machine that no look for forgotten nodes sees is refused, also from the builder's template", () => {
    const policy = callerPolicy("build-ephemeral", { builder: own });
    const [instance] = launch(own, template);
    const withTag = (lifecycle: string): Permission => ({
      ...instance,
      keys: { ...instance.keys, [`aws:RequestTag/${tagNames.lifecycle}`]: lifecycle },
    });
    assert.equal(isAllowed([policy], withTag("ephemeral")), true);
    assert.equal(isAllowed([policy], withTag("other")), false);
    assert.equal(isAllowed([policy], instance), false);
  });

  it("launching with a network interface that is there is refused: it would bring another group along", () => {
    for (const [role, keys] of [
      ["manage", {}],
      ["build-ephemeral", template],
    ] as const) {
      const policy = callerPolicy(role, { builder: own });
      const asked = (id: string, more: object = {}): Permission => ({
        action: "ec2:RunInstances",
        resource: `arn:aws:ec2:eu-west-1:111122223333:network-interface/${id}`,
        keys: { ...keys, ...more },
      });
      const id = "eni-0123456789abcdef0";
      assert.equal(isAllowed([policy], asked(id, { "ec2:NetworkInterfaceID": id })), false, role);
      // A new one has no id yet, whichever way AWS says so.
      assert.equal(isAllowed([policy], asked("*")), true, role);
      assert.equal(isAllowed([policy], asked("*", { "ec2:NetworkInterfaceID": "*" })), true, role);
    }
  });

  it("of rules of security groups alone, those without a tag can be taken: the provider tags them when they are there", () => {
    const policy = callerPolicy("manage", { builder: own });
    const tag = (kind: string): Permission => ({
      action: "ec2:CreateTags",
      resource: `arn:aws:ec2:eu-west-1:111122223333:${kind}/x-1`,
      keys: { [`aws:RequestTag/${tagNames.builder}`]: own },
    });
    for (const kind of ["instance", "volume", "security-group", "launch-template", "image", "subnet"]) {
      assert.equal(isAllowed([policy], tag(kind)), false, kind);
    }
    assert.equal(isAllowed([policy], tag("security-group-rule")), true);
  });

  it("an alarm that does anything but stop an instance is refused: CloudWatch would do it with a role of its own", () => {
    const stop = "arn:aws:automate:eu-west-1:ec2:stop";
    const others = [
      "arn:aws:automate:eu-west-1:ec2:terminate",
      "arn:aws:automate:eu-west-1:ec2:reboot",
      "arn:aws:lambda:eu-west-1:111122223333:function:deploy",
      "arn:aws:sns:eu-west-1:111122223333:pager",
      "arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:autoScalingGroupName/web:policyName/in",
    ];
    for (const region of [undefined, "eu-west-1"]) {
      const policy = callerPolicy("manage", { builder: own, region });
      assert.equal(isAllowed([policy], putAlarm(own, stop)), true);
      for (const other of others) {
        assert.equal(isAllowed([policy], putAlarm(own, other)), false, other);
        assert.equal(isAllowed([policy], putAlarm(own, stop, other)), false, `${stop} and ${other}`);
      }
    }
  });

  it("are kept to an account and a region, and know the partition by the region", () => {
    const arns = (region: string) =>
      callerPolicy("build", { builder: own, account: "111122223333", region }).Statement.flatMap(
        ({ Resource }) => Resource,
      );
    const parameter = `parameter/multi-platform-image/${own}/lease`;
    assert.deepEqual(arns("eu-west-1"), [
      "*",
      "arn:aws:ec2:eu-west-1:111122223333:instance/*",
      "arn:aws:ec2:eu-west-1:111122223333:security-group/*",
      `arn:aws:ssm:eu-west-1:111122223333:${parameter}`,
    ]);
    assert.equal(arns("cn-north-1").at(-1), `arn:aws-cn:ssm:cn-north-1:111122223333:${parameter}`);
    assert.equal(arns("us-gov-west-1").at(-1), `arn:aws-us-gov:ssm:us-gov-west-1:111122223333:${parameter}`);
  });
});
