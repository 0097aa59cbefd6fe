import * as pulumi from "@pulumi/pulumi";

import { reportWhile } from "../../support/progress";
import { say } from "../../pulumi/log";
import { shortHash } from "../../support/paths";
import { describeGit, type GitContext, lookUpCommit, lookUpKnown, parseGitContext } from "../../context/git";

/**
 * The Git contexts among these locations with the commits that their refs have now, by the location as it was given:
 * docker-build compares URLs as text, and would never build a moved branch.
 *
 * A look-up that fails fails nothing: a resource of Pulumi's own remembers the commit that was found last, on whatever
 * machine, and that one stays.
 * @see https://www.pulumi.com/docs/iac/concepts/resources/#stash
 */
export function pinGitContexts(
  component: pulumi.Resource,
  name: string,
  locations: readonly unknown[],
): Record<string, pulumi.Output<string>> {
  const texts = new Set(locations.filter((location) => typeof location === "string"));
  const contexts = [...texts].flatMap((location) => {
    const context = parseGitContext(location);
    return context ? [{ location, context }] : [];
  });
  return Object.fromEntries(
    contexts.map(({ location, context }) => [location, pin(component, name, context, location)]),
  );
}

function pin(component: pulumi.Resource, name: string, context: GitContext, location: string): pulumi.Output<string> {
  // Pulumi's log needs this process, which the look-up blocks; what is written to standard output is shown by Pulumi, too.
  const found = lookUpCommit(context, (message) => void process.stdout.write(`${name}: ${message}\n`));
  const isFound = "commit" in found;
  if (!isFound) {
    const consequence = "it is taken as it was at the last look-up, and a change of it is not seen this time";
    void say("warn", `${describeGit(context)} can't be looked up: ${found.problem}; ${consequence}.`, component);
  }
  // Another ref is another resource: the last commit of one says nothing of the other.
  const key = shortHash(`${context.remote} ${context.ref ?? ""}`);
  const stash = new pulumi.Stash(
    `${name}-context-${key}`,
    { input: isFound ? found.commit : "" },
    { parent: component, replaceOnChanges: ["input"], ignoreChanges: isFound ? [] : ["input"] },
  );
  // Never found yet: BuildKit, which may have other credentials, is left to find it.
  return stash.output.apply((commit: string) => (commit ? context.pin(commit) : location));
}

/**
 * A location that was not known when the resources were declared, with its commit if it is one of Git. What it was before is
 * not remembered: a look-up that fails leaves it to BuildKit.
 */
export async function pinKnown(component: pulumi.Resource, location: string): Promise<string> {
  const context = parseGitContext(location);
  if (!context) {
    return location;
  }
  const log = (message: string) => void say("info", message, component, true);
  const found = await reportWhile(`looking up ${describeGit(context)}`, lookUpKnown(context), log);
  if ("commit" in found) {
    return context.pin(found.commit);
  }
  const consequence = "it is left to BuildKit, and a later change of it is not seen. Fix: give it as a plain string";
  void say("warn", `${describeGit(context)} can't be looked up: ${found.problem}; ${consequence}.`, component);
  return location;
}
