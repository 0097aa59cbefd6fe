import type { Plan } from "./plan";
import type { FunctionNames } from "./schema";
import type { Properties } from "./values";

/** An argument or output, in the words of Terraform's schemas. */
export interface Attribute {
  /** "optional computed": left out, it keeps what the cloud says, and that is no diff. */
  kind: "required" | "optional" | "optional computed" | "computed";
  /** A change replaces the resource: Terraform's `ForceNew`. */
  replaces?: boolean;
  default?: unknown;
  isSecret?: boolean;
  isSame?(one: unknown, other: unknown): boolean;
  /** The attributes of a nested block of which there is at most one. */
  block?: Attributes;
  /** The attributes of nested blocks of which there can be many: they are compared all together. */
  blocks?: Attributes;
}

export type Attributes = Record<string, Attribute>;

/** What an update has to do. */
export interface Change<Arguments extends object = Properties> {
  state: Arguments;
  planned: Arguments;
  /** Names of what differs; in a block with a dot, as in `rootBlockDevice.volumeSize`. */
  changed: ReadonlySet<string>;
}

/** A type of resources: a table of its attributes, and the calls that make the cloud follow. */
export interface ResourceType<Client> {
  attributes: Attributes;
  /** Names that the program leaves out end in seven random hex digits. @default - not named by the provider */
  autoName?: { maxLength: number; isLowerCase?: boolean };
  /** Faults of arguments that are known, by argument. */
  check?(inputs: Properties): Record<string, string>;
  /** What Terraform's providers call customised diff. */
  modifyPlan?(plan: Plan, client: Client): void;
  /** Returns as soon as there is something to delete. */
  create(planned: Properties, client: Client): Promise<Created>;
  /**
   * Where `settle` fails, nothing is kept of what was created: so do types of Terraform's plugin framework whose `Create`
   * sets its state at its end. @default false, as types of its older SDK
   * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/pf/tfbridge/provider_create.go
   */
  forgetsUnsettled?: boolean;
  /** Waits until what was created can be used. */
  settle?(id: string, planned: Properties, client: Client): Promise<void>;
  /** What there is now; undefined if it is gone. */
  read(id: string, state: Properties, client: Client): Promise<Properties | undefined>;
  update?(id: string, change: Change, client: Client): Promise<void>;
  delete(id: string, state: Properties, client: Client): Promise<void>;
}

export interface Created {
  id: string;
  outputs?: Properties;
}

export type LookUp<Client> = (args: Properties, client: Client) => Promise<Properties>;

export interface Provider<Client> {
  name: string;
  version: string;
  /** Arguments of the provider itself: those that are no text arrive as JSON in a string. */
  configuration: Record<string, "text" | "json">;
  checkConfiguration?(configuration: Properties): Record<string, string>;
  configure(configuration: Properties): Promise<Client>;
  resources: Record<string, ResourceType<Client>>;
  lookUps: Record<string, LookUp<Client>>;
  methods: Record<string, (client: Client) => Properties>;
  /** Of the look-ups that programs in YAML call. */
  functions?: FunctionNames;
}
