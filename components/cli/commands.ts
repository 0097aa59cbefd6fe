import { parseArgs, type ParseArgsConfig } from "node:util";

import { parsePlatform, type Platform } from "../support/platforms";
import type { AccountOptions, PolicyOptions } from "../nodes/shell";
import { policyRoles } from "./policy";
import type { ReportOptions } from "./report";
import { UsageError } from "./usageError";

export interface StatusOptions extends AccountOptions {
  /** All builders of the account and region without it. */
  builder?: string;
  json: boolean;
}

export interface WakeOptions extends AccountOptions {
  builder: string;
  minutes: number;
  /** All of the builder's without it. */
  platforms?: Platform[];
}

export interface StopOptions extends AccountOptions {
  builder: string;
  force: boolean;
  wait: boolean;
}

export interface CleanOptions extends AccountOptions {
  /** All that is dead or ours without it. */
  builder?: string;
  /** Whether in AWS, too: what callers of the builder that were killed have left there. */
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

const account = { region: { type: "string" }, profile: { type: "string" } } as const;
const common = { help: { type: "boolean", short: "h" } } as const;

const options = {
  wake: { ...common, ...account, minutes: { type: "string" }, platform: { type: "string", multiple: true } },
  stop: { ...common, ...account, force: { type: "boolean" }, "no-wait": { type: "boolean" } },
  status: { ...common, ...account, json: { type: "boolean" } },
  clean: { ...common, ...account, nodes: { type: "boolean" } },
  report: {
    ...common,
    stack: { type: "string", short: "s" },
    compare: { type: "boolean" },
    json: { type: "boolean" },
    html: { type: "string" },
  },
  policy: { ...common, for: { type: "string" }, account: { type: "string" }, region: { type: "string" } },
} as const satisfies Record<CommandName, Options>;

const defaultMinutes = 60;
/** A day: whoever needs nodes for longer declares them `persistent`. */
const mostMinutes = 24 * 60;

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
            ...accountOf(values),
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
            ...accountOf(values),
          };
    }
    case "status": {
      const { values, builder } = parse("status", rest);
      return values.help
        ? { name: "help", of: "status" }
        : { name: "status", builder, json: values.json ?? false, ...accountOf(values) };
    }
    case "clean": {
      const { values, builder } = parse("clean", rest);
      const nodes = values.nodes ?? false;
      if (!nodes && (values.region || values.profile)) {
        throw new UsageError("--region and --profile are for `clean --nodes`: without it, clean calls nobody");
      }
      return values.help
        ? { name: "help", of: "clean" }
        : { name: "clean", builder: nodes ? required("clean --nodes", builder) : builder, nodes, ...accountOf(values) };
    }
    case "policy": {
      const { values, builder } = parse("policy", rest);
      return values.help
        ? { name: "help", of: "policy" }
        : {
            name: "policy",
            builder: required("policy", builder, "the output `builderName`, which a preview shows, too"),
            role: parseRole(values.for),
            account: parseMatching("account", values.account, /^\d{12}$/, "the 12 digits of an AWS account are"),
            region: parseMatching("region", values.region, /^[a-z]{2}(-[a-z]+)+-\d+$/, "eu-west-1, for instance, is"),
          };
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

function accountOf({ region, profile }: AccountOptions): AccountOptions {
  return { region: region || undefined, profile: profile || undefined };
}

function parseMinutes(text: string | undefined): number {
  const minutes = text === undefined ? defaultMinutes : Number(text);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > mostMinutes) {
    throw new UsageError(`--minutes is ${JSON.stringify(text)}: a whole number from 1 to ${mostMinutes} is allowed`);
  }
  return minutes;
}

function parseRole(text: string | undefined): string {
  const roles = policyRoles().map(({ name }) => name);
  if (text === undefined || !roles.includes(text)) {
    const given = text === undefined ? "--for is missing" : `--for is ${JSON.stringify(text)}`;
    throw new UsageError(`${given}: ${roles.join(", ")} are allowed`);
  }
  return text;
}

function parseMatching(option: string, text: string | undefined, pattern: RegExp, allowed: string): string | undefined {
  if (text !== undefined && !pattern.test(text)) {
    throw new UsageError(`--${option} is ${JSON.stringify(text)}: ${allowed} allowed`);
  }
  return text;
}

function parsePlatforms(texts: readonly string[] | undefined): Platform[] | undefined {
  const platforms = texts
    ?.flatMap((text) => text.split(","))
    .map((text) => {
      const platform = parsePlatform(text);
      if (!platform) {
        throw new UsageError(`--platform is ${JSON.stringify(text)}: linux/arm64 or linux/amd64, for instance`);
      }
      return platform;
    });
  return platforms && [...new Set(platforms)];
}
