import { isPlain } from "../../../buildkit/toml";
import { BuildError } from "../../../support/errors";
import { findEngine } from "../../../transport/dockerEngine";
import type { OpenNodes } from "../../kind";
import type { Node } from "../../node";
import type { LocalFacts } from "../facts";
import { findBuildkitd } from "./daemon";
import { localRunNode } from "./node";

/** Local nodes: through a Docker engine where the builder has no others and this machine can't run them itself. */
export async function openLocal(nodes: readonly (Node & LocalFacts)[], hasOthers: boolean): Promise<OpenNodes> {
  const opened = nodes.map(localRunNode);
  const buildkitd = findBuildkitd();
  if ("problem" in buildkitd && !hasOthers) {
    const engine = await findEngine();
    if (!("tried" in engine)) {
      refuseSettings(nodes, engine.endpoint);
      return { nodes: opened, engine: { engine, reason: buildkitd.problem } };
    }
  }
  return { nodes: opened };
}

/** A container that is there keeps what it was made with. */
function refuseSettings(nodes: readonly (Node & LocalFacts)[], endpoint: string): void {
  const node = nodes.find(({ settings }) => !isPlain(settings));
  if (node) {
    throw new BuildError(
      `node ${node.name} of kind "local": \`maxParallelism\`, \`registryMirrors\` and \`insecureRegistries\` are settings of a daemon that is started here, ` +
        `and BuildKit runs in the Docker engine at ${endpoint}. Fix: leave them out, or make a builder with \`docker buildx create --buildkitd-config\` and name it in \`builder\`.`,
    );
  }
}
