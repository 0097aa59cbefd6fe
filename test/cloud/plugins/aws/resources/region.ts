import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";

/** Since version 7 every regional resource says where it is. As an argument it is not implemented. */
export const inRegion = (type: ResourceType<Aws>): ResourceType<Aws> => ({
  ...type,
  attributes: { ...type.attributes, region: { kind: "computed" } },
  async read(id, state, aws) {
    const found = await type.read(id, state, aws);
    return found && { ...found, region: aws.region };
  },
});
