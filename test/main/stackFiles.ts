import * as fs from "node:fs";
import * as path from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts/command";
import { prepareTools } from "../../tools";
import { secretsProvider, transit } from "./transit";

/** The project whose stack is copied. */
const original = "original";

interface Place {
  directory: string;
  backend: string;
  project: string;
  stack: string;
}

const stateFile = ({ backend, project, stack }: Omit<Place, "directory">): string =>
  path.join(backend, ".pulumi", "stacks", project, `${stack}.json`);

export const projectFile = (project: string): string =>
  // What it runs is compiled, and ts-node takes half a second of each command.
  `name: ${project}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n`;

/**
 * Makes a stack as `pulumi stack init` does: a copy of one that it has made, because a run of tests needs hundreds. Of a
 * shared state that has the stack, the project gets the settings alone.
 */
export async function layOutStack(place: Place): Promise<void> {
  const made = await originalStack();
  const { directory, backend, project, stack } = place;
  fs.copyFileSync(path.join(made, "Pulumi.dev.yaml"), path.join(directory, `Pulumi.${stack}.yaml`));
  const state = stateFile(place);
  if (fs.existsSync(state)) {
    return;
  }
  const text = fs.readFileSync(
    stateFile({ backend: path.join(made, "state"), project: original, stack: "dev" }),
    "utf8",
  );
  fs.mkdirSync(path.dirname(state), { recursive: true });
  fs.copyFileSync(path.join(made, "state/.pulumi/meta.yaml"), path.join(backend, ".pulumi/meta.yaml"));
  fs.writeFileSync(state, text.replace(`organization/${original}/dev`, `organization/${project}/${stack}`));
}

async function originalStack(): Promise<string> {
  const [{ path: pulumi, version }] = await prepareTools(["pulumi"]);
  return cachedFolder("pulumi-stack", { version, secretsProvider }, async (folder) => {
    fs.mkdirSync(path.join(folder, "state"));
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), projectFile(original));
    await execute(
      [pulumi, "stack", "init", "dev", "--secrets-provider", secretsProvider, "--non-interactive", "--cwd", folder],
      {
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          PULUMI_HOME: path.join(folder, "home"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
          ...(await transit()),
        },
      },
    );
  });
}

/** How Pulumi marks a secret in a state: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/sig/sig.go */
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** What a stack exports, by its state; nothing where a secret is among it, which is encrypted there. */
export function stackOutputs(place: Omit<Place, "directory">): unknown {
  const { checkpoint } = JSON.parse(fs.readFileSync(stateFile(place), "utf8")) as {
    checkpoint: { latest: { resources?: { type: string; outputs?: unknown }[] } };
  };
  const root = checkpoint.latest.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  const outputs = root?.outputs ?? {};
  return JSON.stringify(outputs).includes(secretSignature) ? undefined : outputs;
}
