import { BaseImageAnswers } from "../../baseImages/ask";
import { ofRun } from "../../pulumi/run";

const runs = new WeakMap<object, BaseImageAnswers>();

/** Those of the program that runs now. */
export function baseImageAnswers(): BaseImageAnswers {
  return ofRun(runs, () => new BaseImageAnswers());
}
