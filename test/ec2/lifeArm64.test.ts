import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { type BuilderLife, lifeOfBuilder, openBuilderLife } from "./builderLife";

nightly.describe("the life of a builder with a Graviton and an x86 node, from an empty account", function () {
  this.timeout(1_800_000);
  let life: BuilderLife;

  before(async function () {
    skipWithout(this, ["arm64 cloud", "debian roots", "skopeo"]);
    life = await openBuilderLife(["amd64", "arm64"], 60);
  });

  lifeOfBuilder(() => life);
});
