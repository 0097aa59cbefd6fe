import type { ArgumentFacts, PackageSpec } from "./schema/spec";
import argumentFacts from "./arguments.json";
import packageSchema from "./schema.json";

/** What users' languages know of the component, made by `npm run schema`. */
export const schema = packageSchema as unknown as PackageSpec;

/** What the schema can't say of its arguments. */
export const facts = argumentFacts as unknown as ArgumentFacts;

export const builderType = "multi-platform-image:index:Builder";
export const imageType = "multi-platform-image:index:MultiPlatformImage";
