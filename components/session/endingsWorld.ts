import { countDownloads, readBuild, readOpenSteps } from "../buildkit/builds";
import { isGitServerSilent } from "../context/git";
import { isServerSilent } from "../registry/registrySilence";
import { readJsonIfThere } from "../support/paths";
import { endProvider } from "./providerProcess";
import { startedRefs } from "./startedRefs";
import type { World } from "./world";

const answerMilliseconds = 4_000;
const listenMilliseconds = 1_500;

/** The real one. */
export const world: World = {
  refs,
  readBuild: (socket, ref) => readBuild(socket, ref, answerMilliseconds),
  readOpenSteps: (socket, ref) => readOpenSteps(socket, ref, listenMilliseconds),
  countDownloads: (socket) => countDownloads(socket, answerMilliseconds),
  isGitServerSilent,
  isServerSilent,
  endProvider,
};

/** Of a context, where it is given. */
function refs(builderName: string, nodeName: string, since: number, context?: string): string[] {
  const isOf = (file: string) =>
    context === undefined || readJsonIfThere<{ LocalPath?: string }>(file)?.LocalPath === context;
  return startedRefs(builderName, nodeName, since, isOf);
}
