import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

const repository = path.resolve(__dirname, "../../..");
export const digest = `sha256:${"a".repeat(64)}`;
/** Nothing listens there: the index can't be read, which is a warning. */
export const registry = "127.0.0.1:9";
/** What no output of a program may show. */
export const privateKey = "the private key";

export type Inputs = Record<string, unknown>;

interface ProgramOptions {
  /** Values of the stack's own configuration. */
  config?: Record<string, string>;
  /** What types of resources compute, beside those of the builder and its images. */
  computed?: Record<string, Inputs>;
  /** What look-ups answer, beside the builder's. */
  answers?: Record<string, Inputs>;
  /** The file that is run. @default "index" */
  main?: string;
}

/** What the SDK tells the engine of a resource, beside what mocks are told. */
interface Registration {
  getType(): string;
  getName(): string;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
}

const builderAnswers: Record<string, Inputs> = {
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "123456789012", arn: "arn:aws:iam::123456789012:root" },
  "aws:index/getRegion:getRegion": { region: "eu-west-1" },
  "aws:ec2/getVpc:getVpc": { id: "vpc-1", cidrBlock: "172.31.0.0/16" },
  "aws:ec2/getSubnets:getSubnets": { ids: ["subnet-a", "subnet-b"] },
  "aws:ec2/getSubnet:getSubnet": { id: "subnet-a", availabilityZone: "eu-west-1a", vpcId: "vpc-1" },
  "aws:ec2/getAmi:getAmi": { rootDeviceName: "/dev/xvda" },
  "aws:ec2/getInstanceType:getInstanceType": { supportedArchitectures: ["arm64", "x86_64"] },
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": { locations: ["eu-west-1a"], region: "eu-west-1" },
  "aws:ssm/getParameter:getParameter": { value: "ami-1" },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": { password: "token" },
};

const builderComputed: Record<string, Inputs> = {
  "aws:ec2/launchTemplate:LaunchTemplate": { latestVersion: 1 },
  "docker-build:index:Image": { digest },
  "tls:index/privateKey:PrivateKey": { privateKeyPem: privateKey },
  "tls:index/selfSignedCert:SelfSignedCert": { certPem: "certificate" },
  "tls:index/certRequest:CertRequest": { certRequestPem: "request" },
  "tls:index/locallySignedCert:LocallySignedCert": { certPem: "certificate" },
};

/** An example's program, run once against mocks. */
export class ExampleProgram<Exports extends object> {
  private readonly recorded: { type: string; name: string; inputs: Inputs }[] = [];
  private readonly asked: { token: string; inputs: Inputs }[] = [];
  private readonly registrations: Registration[] = [];

  private constructor(
    private readonly project: string,
    private readonly options: ProgramOptions,
  ) {}

  /** @param folder the project's, below `examples`; its name in Pulumi.yaml is that of the program's stack. */
  static async run<Exports extends object>(folder: string, options: ProgramOptions = {}) {
    const installed = installExample(path.join(repository, "examples", folder));
    const [, project = ""] = /^name: (\S+)$/m.exec(fs.readFileSync(path.join(installed, "Pulumi.yaml"), "utf8")) ?? [];
    const program = new ExampleProgram<Exports>(project, options);
    return { program, exported: await program.load(installed) };
  }

  /** All that was declared of a type, by the resources' names. */
  made(type: string): Record<string, Inputs> {
    const ofType = this.recorded.filter((each) => each.type === type);
    return Object.fromEntries(ofType.map(({ name, inputs }) => [name, inputs]));
  }

  /** The types of all that was declared. */
  types(): string[] {
    return this.recorded.map(({ type }) => type);
  }

  /** All look-ups that were made. */
  tokens(): string[] {
    return this.asked.map(({ token }) => token);
  }

  /** What a resource waits for before it is made, and outlives it at `destroy`: `TYPE::NAME` of each. */
  dependencies(type: string, name: string): string[] {
    // As in urn:pulumi:STACK::PROJECT::TYPE::NAME
    const urns = this.registration(type, name)?.getDependenciesList() ?? [];
    return urns.map((urn) => urn.split("::").slice(-2).join("::"));
  }

  /** The arguments of a resource that count when it is made, and not afterwards. */
  ignored(type: string, name: string): string[] {
    return this.registration(type, name)?.getIgnorechangesList() ?? [];
  }

  private registration(type: string, name: string): Registration | undefined {
    return this.registrations.find((each) => each.getType() === type && each.getName() === name);
  }

  /** The arguments of each call of a look-up. */
  calls(token: string): Inputs[] {
    return this.asked.filter((each) => each.token === token).map(({ inputs }) => inputs);
  }

  private async load(installed: string): Promise<Exports> {
    const { answers, computed, config = {}, main = "index" } = this.options;
    const values = Object.entries(config).map(([key, value]) => [`${this.project}:${key}`, value]);
    pulumi.runtime.setAllConfig(Object.fromEntries(values) as Record<string, string>);
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          this.recorded.push({ type, name, inputs: inputs as Inputs });
          const own = type === "aws:ecr/repository:Repository" ? { repositoryUrl: `${registry}/${name}` } : {};
          const state = { arn: `arn of ${name}`, name: `${name}-1234567`, ...(inputs as Inputs), ...own };
          return { id: `${name}-id`, state: { ...state, ...builderComputed[type], ...computed?.[type] } };
        },
        call: ({ token, inputs }) => {
          this.asked.push({ token, inputs: inputs as Inputs });
          const answer = { ...builderAnswers, ...answers }[token];
          if (!answer) {
            throw new Error(`nothing answers ${token} in this test`);
          }
          return answer;
        },
      },
      this.project,
      "dev",
    );
    this.recordRegistrations();
    const workingFolder = process.cwd();
    process.chdir(installed);
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a program runs when it is loaded: not before the mocks are set
      const exported = require(path.join(installed, `${main}.ts`)) as Exports;
      // Images' contexts are read from here until they are declared.
      await Promise.all(Object.values(exported).map((each) => valueOf(pulumi.output(each as unknown))));
      return exported;
    } finally {
      process.chdir(workingFolder);
      fs.rmSync(installed, { recursive: true });
    }
  }

  private recordRegistrations(): void {
    const monitor = pulumi.runtime.getMonitor() as unknown as {
      registerResource: (request: Registration, ...rest: unknown[]) => unknown;
    };
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, ...rest) => {
      this.registrations.push(request);
      return register(request, ...rest);
    };
  }
}

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** All outputs of a stack that Pulumi shows to whoever can see the stack. */
export async function plainText(exported: object): Promise<string> {
  const shown = Object.values(exported).map(async (each) => {
    const output = pulumi.output(each as unknown);
    return (await pulumi.isSecret(output)) ? undefined : await valueOf(output);
  });
  return JSON.stringify(await Promise.all(shown));
}

/** The example as its users have it: in a folder of its own, with the library as an installed package. */
function installExample(example: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-example-"));
  const modules = path.join(folder, "node_modules");
  fs.cpSync(example, folder, { recursive: true, filter: (file) => path.basename(file) !== "node_modules" });
  fs.mkdirSync(modules);
  fs.symlinkSync(path.join(repository, "node_modules/@pulumi"), path.join(modules, "@pulumi"));
  fs.symlinkSync(path.join(repository, "components"), path.join(modules, "pulumi-multi-platform-image"));
  return folder;
}
