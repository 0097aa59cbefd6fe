import { BuildError } from "../../support/errors";

/** What an import of an optional package failed of: it is not there, or something is wrong with it. */
export function missingPackage(owner: string, name: string, error: unknown): Error {
  const { code, message = "" } = error as NodeJS.ErrnoException;
  const isMissing = (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") && message.includes(name);
  return isMissing
    ? new BuildError(
        `${owner}: nodes of kind "kubernetes" need the package ${name}, which is not installed. Fix: npm install ${name}`,
      )
    : (error as Error);
}
