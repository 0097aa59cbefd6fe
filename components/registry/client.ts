/** The registry's client. It brings the list of public suffixes, and loads when a registry is first asked: most commands ask none. */
/* eslint-disable @typescript-eslint/no-require-imports */
export const registryClient = () =>
  require("@snyk/docker-registry-v2-client") as typeof import("@snyk/docker-registry-v2-client");

export const realmRule = () =>
  require("@snyk/docker-registry-v2-client/dist/realm-validation") as typeof import("@snyk/docker-registry-v2-client/dist/realm-validation");
