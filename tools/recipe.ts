import type { ToolPlatform } from "./platform";

/** How a tool that the machine already has is recognised. */
export type MachineRule =
  /** A command on PATH whose version output satisfies a semver range. */
  | { kind: "command"; command: string; args: readonly string[]; range: string }
  /** A companion that lies beside another tool's command and says no version of its own. */
  | { kind: "beside"; tool: string }
  /** A plugin in Pulumi's own plugin folder, of exactly this version. */
  | { kind: "plugin"; folder: string };

/** A file or archive that a project publishes, with what proves that it arrived whole and unchanged. */
export interface ReleaseAsset {
  /** Below the release server, e.g. `/docker/buildx/releases/download/v1/buildx`. */
  path: string;
  format: "tar.gz" | "file";
  checksum:
    | { kind: "pinned"; sha256: string }
    /** The list that the release publishes beside its assets, `<sha256>  <file>` a line. */
    | { kind: "published"; path: string };
}

export type Release = Partial<Record<ToolPlatform, ReleaseAsset>>;

/** How a tool is built from Go modules; the recipe's folder under tools/offline holds its go.mod and go.sum. */
export interface ModuleRecipe {
  recipe: string;
  package: string;
  variables?: Readonly<Record<string, string>>;
  tags?: readonly string[];
  cgo?: boolean;
  /** What its C parts are linked against. */
  library?: CLibrary;
}

export interface CLibrary {
  /** Its name for pkg-config. */
  pkgConfig: string;
  header: string;
  /** As in `-l`. */
  link: string;
  /** The package with its header and static archive. */
  debianPackage: string;
}

/** What a tool must name when asked with `args`, and why one that doesn't is of no use. */
export interface ToolFeature {
  args: readonly string[];
  says: string;
  why: string;
}

export interface ToolRecipe {
  version: string;
  /** The file's name in the cache and in the bin folder. */
  binary: string;
  /** Only for this operating system. */
  os?: "linux";
  machine?: MachineRule;
  /** Asked of a command on PATH and of what was built; a release's checksum says what it is. */
  feature?: ToolFeature;
  /** `entry` is the file's path in the archive. */
  release?: { assets: Release; entry?: string };
  module?: ModuleRecipe;
}

export type ToolTable = Readonly<Record<string, ToolRecipe>>;

export interface PreparedTool<Name extends string = string> {
  name: Name;
  version: string;
  path: string;
  source: "machine" | "release" | "module";
}
