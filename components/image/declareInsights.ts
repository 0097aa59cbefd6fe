import * as pulumi from "@pulumi/pulumi";

import { dockerProviderOf } from "./hooks/dockerProvider";
import { isMocked } from "../pulumi/mocks";
import { plainText } from "../support/plainText";
import type { DeclaredImage } from "./declaredImage";
import { resolved } from "../pulumi/resolved";
import { say } from "../pulumi/log";
import { ofRun } from "../pulumi/run";
import type { ReportArgs } from "../insights/reportArguments";
import type { Prices } from "../insights/cost";
import { ImageInsights } from "../insights/imageInsights";
import type { BuildReport } from "../insights/report";
import { RunReports } from "../insights/runReports";

const runs = new WeakMap<object, RunReports>();

/** What watches an image's builds; none where no report is wanted, and none in tests with mocks, which build nothing. */
export function insightsOf(
  component: pulumi.Resource,
  image: string,
  { report, prices }: { report?: boolean | ReportArgs; prices: Prices },
): ImageInsights | undefined {
  if (report === false || isMocked()) {
    return undefined;
  }
  const run = ofRun(runs, () => new RunReports());
  run.declare(image);
  return new ImageInsights({
    image,
    stack: pulumi.getStack(),
    urn: () => resolved(component.urn),
    prices,
    files: report === true ? {} : report,
    run,
    tell: (message) => void say("info", plainText(message), component),
    passwords: async () => (await dockerProviderOf(component)).logins.flatMap(({ password }) => password ?? []),
  });
}

/**
 * The report of the build that made an image, kept in the state: an update that builds nothing has none of its own, on whatever
 * machine it runs. So what is kept is replaced when the image has another digest, and is not looked at otherwise.
 *
 * @see https://www.pulumi.com/docs/iac/concepts/resources/#stash
 */
export function keptReport(
  component: pulumi.Resource,
  name: string,
  { digest }: Pick<DeclaredImage, "digest">,
  insights: ImageInsights | undefined,
): pulumi.Output<BuildReport | undefined> {
  if (isMocked()) {
    return pulumi.output(undefined);
  }
  // The hooks of a build have ended when its digest is known.
  const input = pulumi.unsecret(digest).apply(() => JSON.stringify(insights?.report ?? null));
  const stash = new pulumi.Stash(
    `${name}-report`,
    { input },
    { parent: component, ignoreChanges: ["input"], replacementTrigger: digest },
  );
  return stash.output.apply((text: string) => (JSON.parse(text) as BuildReport | null) ?? undefined);
}
