import * as path from "node:path";

import { prepare } from "../../../tools/prepare";
import { TOOLS } from "../../../tools/table";
import type { ToolRecipe, ToolTable } from "../../../tools/recipe";

const yamlVersion = "1.25.0";
const pulumiVersion = TOOLS.pulumi.version;
/** The newest with the generator of C# that the module proxy serves. */
const dotnetVersion = "3.106.0";

/**
 * What programs in other languages need beside the tools of all tests. Where Pulumi's release is on the machine, it has the
 * hosts; a release of pulumi-yaml is in it, too.
 */
const table: ToolTable = {
  python: ownHost("python"),
  go: ownHost("go"),
  sdkgenDotnet: { version: dotnetVersion, binary: "sdkgenDotnet", module: { recipe: "sdkgenDotnet", package: "." } },
  yaml: {
    version: yamlVersion,
    binary: "pulumi-language-yaml",
    module: {
      recipe: "yaml",
      package: ".",
      variables: { "github.com/pulumi/pulumi-yaml/pkg/version.Version": yamlVersion },
    },
  },
};

export type LanguageTool = "python" | "go" | "sdkgenDotnet" | "yaml";

function ownHost(language: string): ToolRecipe {
  const variables = { "main.version": pulumiVersion, "main.language": language };
  return {
    version: pulumiVersion,
    binary: `pulumi-language-${language}`,
    module: { recipe: "languagehost", package: ".", variables },
  };
}

/** Path of a language's host, or of what makes the SDK of C#, made ready when it is not. */
export async function languageTool(name: LanguageTool): Promise<string> {
  const [tool] = await prepare([name], { table, recipes: path.join(__dirname, "../../../tools/offline") });
  return tool.path;
}
