import { defaultsKey, overlay, type Plan, plan, refreshedInputs } from "./plan";
import type { Attributes, ResourceType } from "./resource";
import { isProperties, isUnknown, mapProperties, type Properties, secret } from "./values";

/** The resource exists, and something about it failed: Pulumi keeps it in its state and says why. */
export class Incomplete extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Properties,
    reason: string,
  ) {
    super(reason);
  }
}

/** What a request holds; without a state it makes a resource. */
export interface Request {
  urn?: string;
  inputs: Properties;
  id?: string;
  state?: Properties;
  ignored?: readonly string[];
}

export function planOf<Client>(type: ResourceType<Client>, client: Client, { inputs, state, ignored }: Request): Plan {
  const made = plan(type.attributes, state, withIgnored(inputs, state, ignored));
  type.modifyPlan?.(made, client);
  return made;
}

/** The engine has put back ignored arguments already; nothing of the state counts as a difference from them either. */
function withIgnored(inputs: Properties, state: Properties | undefined, ignored: readonly string[] = []): Properties {
  const names = ignored.filter((name) => state?.[name] !== undefined && inputs[name] !== undefined);
  return { ...inputs, ...Object.fromEntries(names.map((name) => [name, state?.[name]])) };
}

export async function create<Client>(
  type: ResourceType<Client>,
  client: Client,
  { inputs, urn }: Request,
): Promise<{ id: string; outputs: Properties }> {
  const { planned } = planOf(type, client, { inputs });
  const created = await type.create(known(planned), client).catch(asTerraform);
  const { id } = created;
  let outputs = { ...known(planned), ...created.outputs, id };
  try {
    await type.settle?.(id, outputs, client);
    outputs = await readAgain(type, client, id, outputs);
  } catch (error) {
    if (type.forgetsUnsettled) asTerraform(error);
    throw new Incomplete(id, marked(type.attributes, outputs), `creating ${urn}: ${terraformText(error)}`);
  }
  return { id, outputs: marked(type.attributes, outputs) };
}

export async function update<Client>(
  type: ResourceType<Client>,
  client: Client,
  request: Request & { id: string; state: Properties },
): Promise<Properties> {
  const { id, state } = request;
  const { planned: all, differences } = planOf(type, client, request);
  const planned = known(all);
  // Terraform keeps what was planned as state even where the update fails half-way.
  const outputs = { ...state, ...planned, id };
  try {
    await type.update?.(id, { state, planned, changed: new Set(differences.keys()) }, client);
    return marked(type.attributes, await readAgain(type, client, id, outputs));
  } catch (error) {
    throw new Incomplete(id, marked(type.attributes, outputs), `updating ${request.urn}: ${terraformText(error)}`);
  }
}

/** What the cloud says now, and the arguments as they would have to be for that; undefined if it is gone. */
export async function read<Client>(
  type: ResourceType<Client>,
  client: Client,
  { id, state = {}, inputs }: Request & { id: string },
): Promise<{ outputs: Properties; inputs: Properties } | undefined> {
  const found = await type.read(id, state, client).catch(asTerraform);
  if (!found) return undefined;
  const outputs = { ...overlay(type.attributes, state, found), id };
  const isImport = Object.keys(inputs).length === 0;
  return {
    inputs: isImport ? argumentsOf(type.attributes, outputs) : refreshedInputs(inputs, outputs),
    outputs: marked(type.attributes, outputs),
  };
}

async function readAgain<Client>(
  type: ResourceType<Client>,
  client: Client,
  id: string,
  before: Properties,
): Promise<Properties & { id: string }> {
  const found = await type.read(id, before, client);
  if (!found) throw new Error(`couldn't find resource ${id} after it was made`);
  return { ...overlay(type.attributes, before, found), id };
}

/** A preview's outputs; computed ones are unknown until the resource is there. */
export const preview = (attributes: Attributes, { state, planned }: Plan): Properties =>
  marked(attributes, { ...state, ...planned });

/** Without what is unknown, in blocks too: the cloud is not asked for it. */
const known = (planned: Properties): Properties =>
  Object.fromEntries(
    Object.entries(planned)
      .filter(([, value]) => isProperties(value) || !isUnknown(value))
      .map(([name, value]) => [name, isProperties(value) ? known(value) : value]),
  );

const argumentsOf = (attributes: Attributes, outputs: Properties): Properties => ({
  ...Object.fromEntries(Object.entries(outputs).filter(([name]) => isArgument(attributes, name))),
  [defaultsKey]: [],
});

const isArgument = (attributes: Attributes, name: string): boolean =>
  attributes[name] !== undefined && attributes[name].kind !== "computed";

const marked = (attributes: Attributes, outputs: Properties): Properties =>
  mapProperties(outputs, (value, name) => (attributes[name]?.isSecret && value != null ? secret(value) : value));

/** The real providers' errors come through Terraform's SDK, which counts them. */
const terraformText = (error: unknown): string =>
  `1 error occurred:\n\t* ${error instanceof Error ? error.message : String(error)}\n\n`;

function asTerraform(error: unknown): never {
  throw new Error(terraformText(error), { cause: error });
}
