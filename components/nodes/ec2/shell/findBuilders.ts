import type { Instance, LaunchTemplate, Tag } from "@aws-sdk/client-ec2";

import { call, codeOf, describeAwsError } from "../run/awsErrors";
import { type Ec2Connection, parameterNames, tagNames } from "../connection";
import { BuildError } from "../../../support/errors";
import { isBuilderName, isNodeName, matchBuilder } from "../../../support/names";
import type { Account } from "./account";

/** The node of a builder, by the tags of its instance, or those of the template that ephemeral ones are launched from. */
export interface ListedNode {
  name: string;
  platform: string;
  /** Empty for an ephemeral node of which none is there now. */
  instanceId: string;
  state: string;
}

/** A builder whose instances or templates are in the account and region. */
export interface ListedBuilder {
  builderName: string;
  nodes: ListedNode[];
}

const Filters = [{ Name: "tag-key", Values: [tagNames.builder] }];

/** Every builder with nodes on EC2, in the order of their names. */
export async function listBuilders(account: Account): Promise<ListedBuilder[]> {
  const [instances, templates] = await Promise.all([listInstances(account), listTemplates(account)]);
  return groupNodes(instances, templates);
}

async function listInstances(account: Account): Promise<Instance[]> {
  const instances: Instance[] = [];
  const action = { action: "ec2:DescribeInstances", resource: `instances in ${account.region}` };
  let NextToken: string | undefined;
  do {
    const page = await call({ ...action, identity: account.identity }, () =>
      account.ec2.describeInstances({ Filters, NextToken }),
    );
    instances.push(...(page.Reservations ?? []).flatMap((each) => each.Instances ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return instances;
}

async function listTemplates(account: Account): Promise<LaunchTemplate[]> {
  const templates: LaunchTemplate[] = [];
  const action = { action: "ec2:DescribeLaunchTemplates", resource: `launch templates in ${account.region}` };
  let NextToken: string | undefined;
  do {
    const page = await call({ ...action, identity: account.identity }, () =>
      account.ec2.describeLaunchTemplates({ Filters, NextToken }),
    );
    templates.push(...(page.LaunchTemplates ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return templates;
}

/** Instances that are gone are still described for an hour. */
export function groupNodes(instances: readonly Instance[], templates: readonly LaunchTemplate[]): ListedBuilder[] {
  const builders = new Map<string, ListedNode[]>();
  const add = (tagged: Tagged, instanceId: string, state: string) => {
    const builderName = tagOf(tagged, tagNames.builder);
    const nodes = builders.get(builderName) ?? [];
    const name = tagOf(tagged, tagNames.node);
    // A template stands for a node only as long as no instance does.
    if (builderName && (instanceId || !nodes.some((each) => each.name === name))) {
      builders.set(builderName, [...nodes, { name, platform: tagOf(tagged, tagNames.platform), instanceId, state }]);
    }
  };
  for (const instance of instances) {
    const state = instance.State?.Name ?? "unknown";
    if (state !== "terminated" && state !== "shutting-down") {
      add(instance, instance.InstanceId ?? "", state);
    }
  }
  templates.forEach((template) => add(template, "", "none runs"));
  return [...builders]
    .map(([builderName, nodes]) => ({ builderName, nodes: nodes.sort((a, b) => compare(a.name, b.name)) }))
    .sort((a, b) => compare(a.builderName, b.builderName));
}

/** How a builder of this name is reached: its registered name, or the beginning of one that no other builder has. */
export async function findConnection(account: Account, name: string): Promise<Ec2Connection> {
  const direct = isBuilderName(name) ? await readConnection(account, name) : undefined;
  if (direct) {
    return direct;
  }
  const known = (await listBuilders(account)).map(({ builderName }) => builderName);
  const builderName = matchBuilder(name, known, `account ${account.account} in ${account.region}`);
  const connection = await readConnection(account, builderName);
  if (!connection) {
    throw new BuildError(
      `the parameter ${parameterNames.connection(builderName)} of builder ${builderName} is not there. ` +
        "Fix: run `pulumi up --refresh` for the builder's stack, which makes it again.",
    );
  }
  return connection;
}

async function readConnection(account: Account, builderName: string): Promise<Ec2Connection | undefined> {
  const Name = parameterNames.connection(builderName);
  let text: string;
  try {
    const { Parameter } = await account.ssm.getParameter({ Name, WithDecryption: true });
    text = Parameter?.Value ?? "";
  } catch (error) {
    if (codeOf(error) === "ParameterNotFound") {
      return undefined;
    }
    const resource = account.arn("ssm", `parameter${Name}`);
    throw describeAwsError(error, { action: "ssm:GetParameter", resource, identity: account.identity });
  }
  const connection = parseStored(Name, text, builderName);
  // A parameter may be shared with other accounts, its builder is not.
  if (connection.accountId !== account.account) {
    throw new BuildError(
      `builder ${builderName} is in AWS account ${connection.accountId}, and the credentials here are of account ${account.account} (${account.identity}). ` +
        "Fix: use --profile, or credentials of the builder's account.",
    );
  }
  return connection;
}

/**
 * The connection that a parameter holds. Its names become paths here, where keys are written: what is not as the builder's
 * own stack wrote it is not used.
 */
export function parseStored(parameter: string, text: string, builderName: string): Ec2Connection {
  const refuse = (what: string) =>
    new BuildError(`the parameter ${parameter} ${what}. Fix: run \`pulumi up --refresh\` for the builder's stack.`);
  let stored: Partial<Ec2Connection>;
  try {
    stored = JSON.parse(text) as Partial<Ec2Connection>;
  } catch {
    throw refuse("is no JSON");
  }
  // Releases before ephemeral nodes stored none.
  const { nodes = [], ephemeralNodes = [] } = stored;
  if (!isBuilderName(builderName) || stored.builderName !== builderName) {
    throw refuse("is of another builder");
  }
  if (![...nodes, ...ephemeralNodes].every(({ name }) => isNodeName(name))) {
    throw refuse("has a node whose name no node has");
  }
  return { ...(stored as Ec2Connection), nodes, ephemeralNodes };
}

interface Tagged {
  Tags?: Tag[];
}

export function tagOf({ Tags }: Tagged, key: string): string {
  return Tags?.find((tag) => tag.Key === key)?.Value ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
