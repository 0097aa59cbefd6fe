import * as fs from "node:fs";
import * as path from "node:path";

import { countDownloads, readBuild, readOpenSteps } from "../buildkit/builds";
import { isGitServerSilent } from "../context/git";
import { isServerSilent } from "../registry/registrySilence";
import { buildxDirectory, readJsonIfThere } from "../support/paths";
import { endProvider } from "./providerProcess";
import type { World } from "./world";

const answerMilliseconds = 4_000;
const listenMilliseconds = 1_500;

/** The real one. */
export const world: World = {
  refs: startedRefs,
  readBuild: (socket, ref) => readBuild(socket, ref, answerMilliseconds),
  readOpenSteps: (socket, ref) => readOpenSteps(socket, ref, listenMilliseconds),
  countDownloads: (socket) => countDownloads(socket, answerMilliseconds),
  isGitServerSilent,
  isServerSilent,
  endProvider,
};

/** The builds that buildx has begun for a node: it writes a file for each. https://github.com/docker/buildx/blob/v0.35.0/localstate/localstate.go */
function startedRefs(builderName: string, nodeName: string, since: number, context?: string): string[] {
  const folder = path.join(buildxDirectory(), "refs", builderName, nodeName);
  const isOf = (file: string) =>
    context === undefined || readJsonIfThere<{ LocalPath?: string }>(file)?.LocalPath === context;
  try {
    return fs.readdirSync(folder).filter((ref) => {
      const file = path.join(folder, ref);
      // A file system may keep whole seconds.
      return fs.statSync(file).mtimeMs >= since - 1_000 && isOf(file);
    });
  } catch {
    return [];
  }
}
