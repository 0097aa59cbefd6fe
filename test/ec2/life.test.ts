import { skipWithout } from "../hosts";
import { type BuilderLife, lifeOfBuilder, openBuilderLife } from "./builderLife";

describe("the life of a builder with an x86 node, from an empty account", function () {
  this.timeout(600_000);
  let life: BuilderLife;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    life = await openBuilderLife(["amd64"], 20);
  });

  lifeOfBuilder(() => life);
});
