import type { BuildkitdSettings } from "../../buildkit/toml";

/** What hooks need of a local node. */
export interface LocalFacts {
  /** `null`: the daemon stays until it is ended by hand. */
  idleTimeoutMinutes: number | null;
  settings: BuildkitdSettings;
}
