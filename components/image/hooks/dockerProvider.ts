import * as pulumi from "@pulumi/pulumi";

import type { RegistryLogin } from "../../registry/logins";
import { resolvedOr } from "../../pulumi/resolved";

/** What the docker-build provider of a component is configured with. */
export interface DockerProvider {
  /** Of a Docker engine. */
  host?: string;
  /** What it logs in with besides the `registries` of an image. */
  logins: readonly RegistryLogin[];
}

const packageName = "docker-build";

/** They are properties of it, which its type does not have. */
interface ProviderInputs {
  host?: pulumi.Input<string>;
  registries?: pulumi.Input<unknown>;
}

/**
 * The settings of the docker-build provider that builds the images of a component: an explicit one, or the stack's.
 *
 * In a preview that does not know them yet, none.
 */
export async function dockerProviderOf(component: pulumi.Resource): Promise<DockerProvider> {
  const explicit: (pulumi.ProviderResource & ProviderInputs) | undefined = component.getProvider(
    `${packageName}:index:Image`,
  );
  const config = new pulumi.Config(packageName);
  const given: pulumi.Output<{ host?: string; registries?: unknown }> = explicit
    ? pulumi.output({ host: explicit.host, registries: explicit.registries })
    : pulumi.output({ host: config.get("host"), registries: config.getSecretObject<unknown>("registries") });
  const { host, registries } = await resolvedOr(given, {});
  return { host: host || undefined, logins: loginsOf(registries) };
}

/** The logins of an image's arguments, before those of its provider. */
export async function allLogins(
  { provider }: { provider?: () => Promise<DockerProvider> },
  own: readonly RegistryLogin[] = [],
): Promise<RegistryLogin[]> {
  return [...own, ...((await provider?.())?.logins ?? [])];
}

/** Settings of providers are kept as JSON. */
function loginsOf(registries: unknown): RegistryLogin[] {
  const list: unknown = typeof registries === "string" ? parsed(registries) : registries;
  const entries: unknown[] = Array.isArray(list) ? list : [];
  return entries.filter((each): each is RegistryLogin => typeof (each as RegistryLogin | null)?.address === "string");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
