import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import type { BuildSession } from "../../session/session";
import { allLogins } from "./dockerProvider";
import { argumentError } from "../../support/errors";
import type { ImageBuild } from "./imageBuild";
import { say } from "../../pulumi/log";
import { resolved } from "../../pulumi/resolved";
import { type Progress, reportWhile } from "../../support/progress";
import { attachProvenance } from "../../provenance/attach";

/** Before a build: whether its nodes can be asked for what they recorded is known only here. */
export function refuseUnlessRecorded(
  owner: string,
  { provenance }: Pick<ImageBuild, "provenance">,
  session: BuildSession,
): void {
  if (provenance && !session.readProvenance) {
    const remedy =
      "BuildKit runs in a Docker engine's container here, whose records can't be read; leave it out, or build where buildkitd runs itself";
    throw argumentError(owner, "provenance", provenance, remedy);
  }
}

interface Attaching {
  component: pulumi.Resource;
  build: ImageBuild;
  session: BuildSession;
  progress: Progress;
}

/** After a build. The image is pushed, and its step done, whatever comes of this: so a failure is a warning. */
export async function attachIfAsked(
  { component, build, session, progress }: Attaching,
  inputs: pulumi.Inputs,
  outputs: pulumi.Inputs,
): Promise<void> {
  const { provenance: mode, platforms, insecureRegistries = [] } = build;
  if (!mode) {
    return;
  }
  const { tags, registries } = inputs as Pick<dockerBuild.ImageArgs, "tags" | "registries">;
  const pushed = pulumi.output({ tags, registries, digest: outputs.digest as string });
  const { digest, ...given } = await resolved(pushed);
  try {
    const [tag] = given.tags ?? [];
    if (!digest || !tag || !session.readProvenance) {
      throw new Error("nothing was pushed");
    }
    const read = session.readProvenance.bind(session);
    const logins = await allLogins(build, given.registries);
    const attached = attachProvenance({ tag, digest, platforms, logins, insecureRegistries, mode }, read);
    await reportWhile(`attaching the provenance of ${digest}`, attached, progress);
    void say("info", `provenance of ${digest} is attached`, component);
  } catch (error) {
    const fix = "Fix: what it names, then build again (`pulumi up --replace` of the image's resource).";
    const { message } = error as Error;
    void say("warn", `the image is pushed, but its provenance is not attached: ${message}. ${fix}`, component);
  }
}
