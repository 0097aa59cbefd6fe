import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  type ParameterTier,
  type ParameterType,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-ssm";

import type { ResourceType } from "../../protocol/resource";
import { type Properties, unknown } from "../../protocol/values";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { fromTagList, tagged, toTagList } from "../tags";

type Parameter = {
  allowedPattern?: string;
  dataType?: string;
  description?: string;
  insecureValue?: string;
  keyId?: string;
  name: string;
  overwrite?: boolean;
  tagsAll?: Record<string, string>;
  tier?: ParameterTier;
  type: ParameterType;
  value?: string;
};

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ssm/parameter.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 2048 },
  attributes: {
    allowedPattern: { kind: "optional" },
    arn: { kind: "computed" },
    dataType: { kind: "optional computed", replaces: true },
    description: { kind: "optional" },
    insecureValue: { kind: "optional computed" },
    keyId: { kind: "optional computed" },
    name: { kind: "optional computed", replaces: true },
    overwrite: { kind: "optional" },
    tier: {
      kind: "optional computed",
      isSame: (old, next) => old === next || (Boolean(old) && next === "Intelligent-Tiering"),
    },
    type: { kind: "required" },
    value: { kind: "optional computed", isSecret: true },
    version: { kind: "computed" },
  },
  check({ value, insecureValue, type: parameterType, ...others }): Record<string, string> {
    const isSecure = parameterType === "SecureString" && insecureValue !== undefined;
    if (isSecure) return { insecureValue: "invalid configuration, cannot set type = SecureString and insecure_value" };
    const isBoth = value !== undefined && insecureValue !== undefined;
    if (isBoth) return { value: "only one of `insecure_value,value,value_wo` can be specified" };
    return notAmong({ ...others, type: parameterType });
  },
  modifyPlan({ state, planned, differences }) {
    const tier = differences.get("tier");
    if (tier && state?.tier === "Advanced" && planned.tier === "Standard") tier.replaces = true;
    if (!state) return;
    if (differences.has("value") || differences.has("description")) planned.version = unknown;
    if (differences.has("insecureValue")) planned.value = unknown;
    else if (differences.has("value")) planned.insecureValue = unknown;
  },
  async create(planned: Parameter, { ssm }) {
    const { name, overwrite: Overwrite = false } = planned;
    // AWS takes no tags together with Overwrite.
    const Tags = Overwrite ? undefined : toTagList(planned.tagsAll);
    await ssm
      .send(new PutParameterCommand({ ...contentOf(planned), DataType: planned.dataType, Overwrite, Tags }))
      .catch(during(`creating SSM Parameter (${name})`));
    return { id: name };
  },
  async settle(id, planned, aws) {
    const { overwrite, tagsAll = {} } = planned as Parameter;
    if (overwrite) await retag(aws, id, tagsAll, [], planned);
  },
  async read(id, state, { ssm }) {
    const explain = during(`reading SSM Parameter (${id})`);
    const answer = await ssm
      .send(new GetParameterCommand({ Name: id, WithDecryption: true }))
      .catch(unless("ParameterNotFound"))
      .catch(explain);
    const parameter = answer?.Parameter;
    if (!parameter) return undefined;
    const filter = { Key: "Name", Option: "Equals", Values: [id] };
    const { Parameters: [details] = [] } = await ssm
      .send(new DescribeParametersCommand({ ParameterFilters: [filter] }))
      .catch(explain);
    const { TagList } = await ssm
      .send(new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: id }))
      .catch(explain);
    const isInsecure = Boolean(state.insecureValue) && parameter.Type !== "SecureString";
    return {
      allowedPattern: details?.AllowedPattern ?? "",
      arn: parameter.ARN,
      dataType: parameter.DataType ?? "text",
      description: details?.Description ?? "",
      keyId: details?.KeyId ?? "",
      name: parameter.Name,
      tagsAll: fromTagList(TagList),
      tier: details?.Tier ?? "Standard",
      type: parameter.Type,
      version: parameter.Version,
      ...(isInsecure ? { insecureValue: parameter.Value } : { value: parameter.Value }),
    };
  },
  async update(id, { planned, changed }, { ssm }) {
    if ([...changed].every((name) => ["overwrite", "tags", "tagsAll"].includes(name))) return;
    const parameter = planned as Parameter;
    await ssm
      .send(new PutParameterCommand({ ...contentOf(parameter), Overwrite: parameter.overwrite ?? true }))
      .catch(during(`updating SSM Parameter (${id})`));
  },
  async delete(id, _state, { ssm }) {
    await ssm
      .send(new DeleteParameterCommand({ Name: id }))
      .catch(unless("ParameterNotFound"))
      .catch(during(`deleting SSM Parameter (${id})`));
  },
};

/** `enum.Validate` and `validation.StringInSlice` of the same file. */
const values: Record<string, readonly string[]> = {
  dataType: ["aws:ec2:image", "aws:ssm:integration", "text"],
  tier: ["Standard", "Advanced", "Intelligent-Tiering"],
  type: ["String", "StringList", "SecureString"],
};

function notAmong(inputs: Properties): Record<string, string> {
  const wrong = Object.entries(values).filter(
    ([name, allowed]) => inputs[name] !== undefined && !allowed.includes(inputs[name] as string),
  );
  return Object.fromEntries(
    wrong.map(([name, allowed]) => [name, `expected ${name} to be one of ${JSON.stringify(allowed)}`]),
  );
}

const retag: Parameters<typeof tagged>[1] = async ({ ssm }, id, add, remove) => {
  const parameter = { ResourceType: "Parameter", ResourceId: id } as const;
  if (remove.length > 0) await ssm.send(new RemoveTagsFromResourceCommand({ ...parameter, TagKeys: remove }));
  if (Object.keys(add).length > 0) await ssm.send(new AddTagsToResourceCommand({ ...parameter, Tags: toTagList(add) }));
};

export const parameter = tagged(type, retag);

const contentOf = (planned: Parameter): ConstructorParameters<typeof PutParameterCommand>[0] => ({
  AllowedPattern: planned.allowedPattern || undefined,
  Description: planned.description,
  KeyId: planned.type === "SecureString" ? planned.keyId || undefined : undefined,
  Name: planned.name,
  Tier: planned.tier,
  Type: planned.type,
  Value: planned.insecureValue || planned.value,
});
