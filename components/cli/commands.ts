import { parseArgs, type ParseArgsConfig } from "node:util";

import type { Platform } from "../support/platforms";
import type { PlaceOptions, PolicyOptions } from "../nodes/shell";
import { policyRoles } from "./policy";
import type { ReportOptions } from "./report";
import { UsageError } from "./usageError";
import { parseMatching, parseMinutes, parsePlatforms } from "./values";

export interface StatusOptions extends PlaceOptions {
  /** All builders of the account and region, or of the namespace, without it. */
  builder?: string;
  json: boolean;
}

export interface WakeOptions extends PlaceOptions {
  builder: string;
  minutes: number;
  /** All of the builder's without it. */
  platforms?: Platform[];
}

export interface StopOptions extends PlaceOptions {
  builder: string;
  force: boolean;
  wait: boolean;
}

export interface CleanOptions extends PlaceOptions {
  /** All that is dead or ours without it. */
  builder?: string;
  /** Whether where the nodes are, too: what callers of the builder that were killed have left there. */
  nodes?: boolean;
}

export const commandNames = ["wake", "stop", "status", "clean", "policy", "report"] as const;
export type CommandName = (typeof commandNames)[number];

/** What a command line asks for. */
export type Command =
  | ({ name: "wake" } & WakeOptions)
  | ({ name: "stop" } & StopOptions)
  | ({ name: "status" } & StatusOptions)
  | ({ name: "clean" } & CleanOptions)
  | ({ name: "policy" } & PolicyOptions)
  | ({ name: "report" } & ReportOptions)
  | { name: "help"; of?: CommandName }
  | { name: "version" };

type Options = NonNullable<ParseArgsConfig["options"]>;

const place = {
  region: { type: "string" },
  profile: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string" },
} as const;
const common = { help: { type: "boolean", short: "h" } } as const;

const options = {
  wake: { ...common, ...place, minutes: { type: "string" }, platform: { type: "string", multiple: true } },
  stop: { ...common, ...place, force: { type: "boolean" }, "no-wait": { type: "boolean" } },
  status: { ...common, ...place, json: { type: "boolean" } },
  clean: { ...common, ...place, nodes: { type: "boolean" } },
  report: {
    ...common,
    stack: { type: "string", short: "s" },
    compare: { type: "boolean" },
    json: { type: "boolean" },
    html: { type: "string" },
  },
  policy: {
    ...common,
    for: { type: "string" },
    account: { type: "string" },
    region: { type: "string" },
    namespace: { type: "string" },
  },
} as const satisfies Record<CommandName, Options>;

/** @throws UsageError */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  switch (first) {
    case undefined:
      throw new UsageError("a command is missing");
    case "--help":
    case "-h":
    case "help":
      return { name: "help", of: commandNames.find((name) => name === rest[0]) };
    case "--version":
      return { name: "version" };
    case "wake": {
      const { values, builder } = parse("wake", rest);
      return values.help
        ? { name: "help", of: "wake" }
        : {
            name: "wake",
            builder: required("wake", builder),
            minutes: parseMinutes(values.minutes),
            platforms: parsePlatforms(values.platform),
            ...placeOf(values),
          };
    }
    case "stop": {
      const { values, builder } = parse("stop", rest);
      return values.help
        ? { name: "help", of: "stop" }
        : {
            name: "stop",
            builder: required("stop", builder),
            force: values.force ?? false,
            wait: !values["no-wait"],
            ...placeOf(values),
          };
    }
    case "status": {
      const { values, builder } = parse("status", rest);
      return values.help
        ? { name: "help", of: "status" }
        : { name: "status", builder, json: values.json ?? false, ...placeOf(values) };
    }
    case "clean": {
      const { values, builder } = parse("clean", rest);
      const nodes = values.nodes ?? false;
      if (!nodes && Object.values(placeOf(values)).some((value) => value !== undefined)) {
        throw new UsageError(
          "options that say where nodes are are for `clean --nodes`: without it, clean calls nobody",
        );
      }
      return values.help
        ? { name: "help", of: "clean" }
        : { name: "clean", builder: nodes ? required("clean --nodes", builder) : builder, nodes, ...placeOf(values) };
    }
    case "policy": {
      const { values, builder } = parse("policy", rest);
      if (values.help) {
        return { name: "help", of: "policy" };
      }
      const where = {
        account: parseMatching("account", values.account, /^\d{12}$/, "the 12 digits of an AWS account are"),
        region: parseMatching("region", values.region, /^[a-z]{2}(-[a-z]+)+-\d+$/, "eu-west-1, for instance, is"),
        namespace: parseMatching(
          "namespace",
          values.namespace,
          /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
          "builds, for instance, is",
        ),
      };
      const named = required("policy", builder, "the output `builderName`, which a preview shows, too");
      return { name: "policy", builder: named, role: parseRole(values.for, where), ...where };
    }
    case "report":
      return parseReport(rest);
    default:
      throw new UsageError(`there is no command ${JSON.stringify(first)}: ${commandNames.join(", ")} are there`);
  }
}

function parseReport(args: string[]): Command {
  const config = { args, options: options.report, allowPositionals: true, strict: true } as const;
  const { values, positionals } = parseStrictly(config);
  if (values.help) {
    return { name: "help", of: "report" };
  }
  const [image, extra] = positionals;
  if (extra !== undefined) {
    throw new UsageError(`report takes one image, and ${JSON.stringify(extra)} is a second one`);
  }
  if (values.html === "") {
    throw new UsageError("--html needs the name of a file");
  }
  const { stack, compare = false, json = false, html } = values;
  return { name: "report", image, stack, compare, json, html };
}

function parse<Name extends CommandName>(name: Name, args: string[]) {
  const { values, positionals } = parseStrictly({ args, options: options[name], allowPositionals: true, strict: true });
  const [builder, extra] = positionals;
  if (extra !== undefined) {
    throw new UsageError(`${name} takes one builder, and ${JSON.stringify(extra)} is a second one`);
  }
  if (builder !== undefined && !/^[a-z][a-z0-9._-]*$/.test(builder)) {
    throw new UsageError(
      `${JSON.stringify(builder)} is no name of a builder: a-z first, then a-z, 0-9, ".", "_" and "-", for instance builders-1a2b3c4d or builders`,
    );
  }
  return { values, builder };
}

function parseStrictly<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's message goes on with advice on positional arguments, which are no part of it here.
    const [sentence] = (error as Error).message.split(". ");
    throw new UsageError(sentence[0].toLowerCase() + sentence.slice(1));
  }
}

function required(
  command: CommandName | "clean --nodes",
  builder: string | undefined,
  where = "`multi-platform-image status` lists them",
): string {
  if (builder === undefined) {
    throw new UsageError(`${command} needs the name of a builder: ${where}`);
  }
  return builder;
}

function placeOf({ region, profile, context, namespace }: PlaceOptions): PlaceOptions {
  const given = { region, profile, context, namespace };
  return Object.fromEntries(Object.entries(given).map(([option, value]) => [option, value || undefined]));
}

function parseRole(text: string | undefined, where: Parameters<typeof policyRoles>[0]): string {
  const roles = policyRoles(where).map(({ name }) => name);
  if (text === undefined || !roles.includes(text)) {
    const given = text === undefined ? "--for is missing" : `--for is ${JSON.stringify(text)}`;
    throw new UsageError(`${given}: ${roles.join(", ")} are allowed`);
  }
  return text;
}
