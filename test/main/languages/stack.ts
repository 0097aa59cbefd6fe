import * as fs from "node:fs";
import * as path from "node:path";

import { stringify } from "yaml";

import { sdkGenerator } from "../../../tools/pluginRelease/sdks";
import { cachedFolder } from "../../hosts/cachedFolder";
import { execute } from "../../hosts/command";
import { compiledPlugin } from "../compiled";
import { type Spec, Stack, type StackOptions, temporaryDirectory } from "../stack";
import { languageTool } from "./tools";

export const schemaFile = path.resolve(__dirname, "../../../provider/schema.json");

/** Where the program in Python is, in its project: paths in its arguments are relative to that folder. */
export const programFolder = "infra";

interface PythonOptions extends StackOptions {
  /** The packages that are installed for the program. @default "requirements.txt" */
  requirements?: "requirements.txt" | "requirementsAws.txt";
  /** The program, where a test writes it itself. @default the one beside this file */
  main?: string;
  /** A virtual environment with an SDK that says where its plugin is. @default the tests' own, and the plugin of this checkout */
  virtualenv?: string;
  /** How the stack is made. @default Stack.create */
  create?: (spec: Spec, options: StackOptions) => Promise<Stack>;
}

/** A project in Python whose program declares what its spec says, through the plugin. */
export async function pythonStack(spec: Spec, options: PythonOptions = {}): Promise<Stack> {
  const { requirements = "requirements.txt", virtualenv, create = (...args) => Stack.create(...args) } = options;
  const environment = virtualenv ?? (await pythonEnvironment(requirements));
  const sdk = virtualenv === undefined ? { PYTHONPATH: await pythonSdk(environment) } : {};
  const stack = await create(spec, {
    ...options,
    programs: options.programs ?? path.dirname(await languageTool("python")),
    environment: { ...options.environment, ...sdk, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const runtime = { name: "python", options: { virtualenv: environment } };
  const own = `${programFolder}/program.py`;
  const project = { name: stack.project, runtime, main: options.main ?? own };
  if (virtualenv === undefined) {
    await declarePlugin(stack, project);
  } else {
    stack.write("Pulumi.yaml", stringify(project));
  }
  if (options.main === undefined) {
    stack.write(own, fs.readFileSync(path.join(__dirname, "program.py")));
  }
  pythons.set(stack, path.join(environment, "bin/python"));
  return stack;
}

const pythons = new WeakMap<Stack, string>();

/** The interpreter that has what the programs of such a project need. */
export function pythonCommand(stack: Stack): string[] {
  return [pythons.get(stack) ?? "python3"];
}

/** A project in YAML, with the plugin. */
export async function yamlStack(program: object, options: StackOptions = {}): Promise<Stack> {
  const stack = await Stack.create({ builder: {}, images: {} }, { ...options, programs: await yamlPrograms() });
  await declareYaml(stack, program);
  return stack;
}

/** The folder with the host of YAML: a stack whose `programs` it is can be made one in YAML. */
export async function yamlPrograms(): Promise<string> {
  return path.dirname(await languageTool("yaml"));
}

/** A project in YAML that names no plugin: Pulumi looks for it on PATH, and then in its home. */
export async function plainYamlStack(program: object, options: StackOptions = {}): Promise<Stack> {
  const stack = await Stack.create({ builder: {}, images: {} }, options);
  for (const own of ["index.js", "package.json", "node_modules"]) {
    fs.rmSync(path.join(stack.directory, own));
  }
  stack.write("Pulumi.yaml", stringify({ name: stack.project, runtime: "yaml", ...program }));
  return stack;
}

/** Makes a stack's project one in YAML, with the plugin. */
export async function declareYaml(stack: Stack, program: object): Promise<void> {
  await declarePlugin(stack, { name: stack.project, runtime: "yaml", ...program });
}

/** Makes a stack's project such a one, with the plugin. */
export async function declarePlugin(stack: Stack, project: object): Promise<void> {
  const plugins = { providers: [{ name: "multi-platform-image", path: await compiledPlugin() }] };
  stack.write("Pulumi.yaml", stringify({ ...project, plugins }, { aliasDuplicateObjects: false }));
}

function pythonEnvironment(name: string): Promise<string> {
  const file = path.join(__dirname, name);
  const requirements = fs.readFileSync(file, "utf8");
  return cachedFolder("language-python", { requirements }, (folder) => makeVirtualenv(folder, file));
}

/** A new virtual environment with an SDK, from a wheel or a folder with its source. */
export async function virtualenvWith(sdk: string): Promise<string> {
  const folder = temporaryDirectory("virtualenv");
  await makeVirtualenv(folder, path.join(__dirname, "requirements.txt"), sdk);
  return folder;
}

async function makeVirtualenv(folder: string, requirements: string, ...others: string[]): Promise<void> {
  await execute(["python3", "-m", "venv", folder]);
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements];
  await execute([path.join(folder, "bin/python"), ...install, ...others], { timeoutMilliseconds: 600_000 });
}

/** The SDK, installed as users install it: it asks for its own version. */
async function pythonSdk(environment: string): Promise<string> {
  const generator = await sdkGenerator();
  const schema = fs.readFileSync(schemaFile, "utf8");
  return cachedFolder("language-python-sdk", { schema, generator, installed: true }, async (folder) => {
    const source = path.join(folder, "source");
    await execute([generator, "python", schemaFile, source]);
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", folder];
    await execute([path.join(environment, "bin/python"), ...install, source], { timeoutMilliseconds: 600_000 });
  });
}
