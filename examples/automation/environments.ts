export interface Environment {
  logLevel: "debug" | "info";
}

/** What differs between the environments, each of which is a stack. */
export const environments: Record<string, Environment> = {
  dev: { logLevel: "debug" },
  staging: { logLevel: "info" },
  prod: { logLevel: "info" },
};
