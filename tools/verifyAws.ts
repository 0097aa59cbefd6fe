import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Credentials } from "@aws-sdk/client-sts";

import { runCommand } from "./command";
import { say, withProgress } from "./progress";
import { Account, type Identity, identify } from "./verify/account";
import { askUser, hasConsent } from "./verify/consent";
import { costText } from "./verify/cost";
import { readLayers } from "./verify/layers";
import { runLife } from "./verify/life";
import { isOfTemplate } from "./verify/launches";
import { DocumentedRole } from "./verify/documentedPolicies";
import { createProject, type Project, readSpec, writeMessage, writeSpec } from "./verify/project";
import { type ExampleStack, runExamples } from "./verify/examples";
import { publishable } from "./verify/publishable";
import { isGood, reportText, type RunFacts } from "./verify/report";
import { initialSpec, newRunId, type Outputs } from "./verify/settings";
import { catchSignals } from "./verify/signals";
import { RunStack } from "./verify/stack";
import { verifySteps } from "./verify/steps";
import type { CleanUp, World } from "./verify/world";

const pauseMilliseconds = 10_000;
const manifest = path.join(__dirname, "..", "package.json");

const options = ["--yes", "--with-documented-policies", "--examples", "--with-account"];

runCommand(async (args) => {
  const unknown = args.find((argument) => !options.includes(argument));
  if (unknown) {
    const usage = options.map((option) => `[${option}]`).join(" ");
    throw new Error(`"${unknown}" is no argument: npm run verify:aws [-- ${usage}]`);
  }
  say(costText());
  say("");
  const identity = await identify();
  const { account, arn, region } = identity;
  say(`Account ${account}, region ${region}, as ${arn}`);
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  if (!(await hasConsent({ yes: args.includes("--yes"), isInteractive, ask: askUser }))) {
    say("Nothing was made.");
    return 1;
  }
  const { version } = JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string };
  const facts = { runId: newRunId(), account, region, version, startedAt: new Date().toISOString() };
  const write = (name: string, text: string) => {
    const folder = process.env.INIT_CWD ?? process.cwd();
    fs.writeFileSync(path.join(folder, name), args.includes("--with-account") ? text : publishable(text));
  };
  if (!args.includes("--with-documented-policies")) {
    return await verify(facts, identity, undefined, args.includes("--examples"), write);
  }
  if (args.includes("--examples")) {
    throw new Error("--examples needs more rights than the documented policies. Fix: leave out one of both.");
  }
  const role = new DocumentedRole(facts.runId, identity);
  try {
    // Clients that are made from now on, and Pulumi's providers, have these and no others.
    Object.assign(process.env, environmentOf(await role.assume()));
    return await verify(facts, identity, role, false, write);
  } finally {
    await role.remove(say);
  }
});

function environmentOf({
  AccessKeyId,
  SecretAccessKey,
  SessionToken,
}: Credentials): Record<string, string | undefined> {
  delete process.env.AWS_PROFILE;
  return {
    AWS_ACCESS_KEY_ID: AccessKeyId,
    AWS_SECRET_ACCESS_KEY: SecretAccessKey,
    AWS_SESSION_TOKEN: SessionToken,
  };
}

async function verify(
  facts: RunFacts,
  identity: Identity,
  role: DocumentedRole | undefined,
  hasExamples: boolean,
  write: (name: string, text: string) => void,
): Promise<number> {
  const { runId, region } = facts;
  const { stop, interrupt, release } = catchSignals(say);
  try {
    const project = await withProgress("set-up", () => createProject(initialSpec(runId, process.env), region));
    say(`run ${runId}; project and state: ${project.folder}`);
    const stack = await RunStack.open(project, say, interrupt);
    const account = new Account(region, runId, identity.credentials);
    const cleanUp: CleanUp = {
      destroy: () => stack.destroy(),
      leftovers: () => account.leftovers(),
      pause: () => sleep(pauseMilliseconds),
    };
    const world: World = {
      ...worldOf(project, stack, account, stop),
      hasDocumentedPolicies: role !== undefined,
      isOfTemplate: (part) => (role ? isOfTemplate(part, role, identity, runId) : Promise.resolve(false)),
    };
    const life = await runLife(verifySteps, world, cleanUp, stop, say);
    if (hasExamples) {
      const open = (folder: string) => openExample({ ...project, folder }, interrupt);
      life.rows.push(...(await runExamples(open, stop, say)));
    }
    const text = reportText(facts, life);
    write("verify-aws.md", text);
    write("verify-aws.json", `${JSON.stringify({ ...facts, ...life }, undefined, 2)}\n`);
    say(
      `\n${text}\nWritten to verify-aws.md and verify-aws.json, without the account unless --with-account: to send back.`,
    );
    if (life.leftovers.length === 0) {
      fs.rmSync(project.folder, { recursive: true });
    }
    return isGood(life) ? 0 : 1;
  } finally {
    release();
  }
}

async function openExample(project: Project, interrupt: AbortSignal): Promise<ExampleStack> {
  // In the example's own folder, which stays where something could not be destroyed.
  const state = path.join(project.folder, "state");
  fs.mkdirSync(state);
  const environment = { ...project.environment, PULUMI_BACKEND_URL: `file://${state}` };
  const stack = await RunStack.open({ ...project, environment }, say, interrupt);
  return { up: (options) => stack.up(options), destroy: () => stack.destroy() };
}

/** 4 or 6; 0 where there is no answer that is an address. */
async function askAddressFamily(): Promise<number> {
  const answer = await fetch("https://checkip.amazonaws.com", { signal: AbortSignal.timeout(5_000) });
  return net.isIP((await answer.text()).trim());
}

function worldOf(
  { folder }: Project,
  stack: RunStack,
  account: Account,
  stop: AbortSignal,
): Omit<World, "hasDocumentedPolicies" | "isOfTemplate"> {
  return {
    platforms: readSpec(folder).platforms,
    declare: (change) => writeSpec(folder, { ...readSpec(folder), ...change }),
    writeMessage: (text) => writeMessage(folder, text),
    up: (options = {}) => stack.up(options),
    previewNothing: () => stack.previewNothing(),
    outputs: async () => (await stack.outputs()) as unknown as Outputs,
    instances: () => account.instances(),
    parameter: (name) => account.parameter(name),
    parameterAsCaller: (name) => account.parameterAsCaller(name),
    console: () => account.console(),
    addressFamily: askAddressFamily,
    layers: async (outputs) => readLayers(outputs, await account.registryAuthorization()),
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal: stop }),
  };
}
