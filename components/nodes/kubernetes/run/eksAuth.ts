import type { KubeConfig, User } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { BuildError } from "../../../support/errors";
import { type EksIdentity, eksIdentity, type ExecConfig, isThere } from "./eksExec";

// Loaded when it is called: the AWS SDK comes with it.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const signing = () => require("./eksToken") as typeof import("./eksToken");

const providerName = "multi-platform-image-eks";
/** A token counts for 15 minutes. */
const renewMilliseconds = 10 * 60_000;

/**
 * Signs tokens for EKS where the kubeconfig names a program for them that is not on this machine, and its work can be done
 * here. A program that is there is asked, as kubectl and Pulumi's provider do: it may know credentials that nobody else does.
 */
export function signForEks(owner: string, config: KubeConfig): void {
  const user = config.getCurrentUser();
  const exec = user?.exec as ExecConfig | undefined;
  const identity = exec && eksIdentity(exec);
  if (!user || !exec || !identity || isThere(exec)) {
    return;
  }
  const region = regionOf(owner, identity, config.getCurrentCluster()?.server ?? "");
  let last: { token: string; at: number } | undefined;
  config.users = config.users.map((each) =>
    each.name === user.name ? { ...each, exec: undefined, authProvider: { name: providerName } } : each,
  );
  config.addAuthenticator({
    isAuthProvider: ({ authProvider }: User) => (authProvider as { name?: string } | undefined)?.name === providerName,
    applyAuthentication: async (_user, options) => {
      if (!last || Date.now() - last.at > renewMilliseconds) {
        last = { token: await signing().eksToken(owner, identity, region), at: Date.now() };
      }
      options.headers = { ...options.headers, Authorization: `Bearer ${last.token}` };
    },
  });
}

/** Any region's STS knows the identity; that of the cluster is one that its network reaches. */
function regionOf(owner: string, { region, cluster }: EksIdentity, server: string): string {
  const found = region ?? /\.([a-z]{2}(?:-[a-z]+)+-\d)\.eks\.amazonaws\.com/.exec(server)?.[1];
  if (found === undefined || !/^[a-z0-9-]+$/.test(found)) {
    throw new BuildError(
      `${owner}: no region is known for a token of the EKS cluster ${cluster} (${JSON.stringify(found ?? "")}). Fix: \`--region\` among the arguments of its program in the kubeconfig, or AWS_REGION.`,
    );
  }
  return found;
}
