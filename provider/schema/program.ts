import * as path from "node:path";

import * as ts from "typescript";

const root = path.resolve(__dirname, "../..");

/** Of all packages, those whose types are part of the arguments'. */
const packages = ["@pulumi/docker-build", "@pulumi/pulumi"];

/** The interfaces whose members are arguments and outputs. */
const sources = ["image/arguments/imageArguments", "builder/builderArguments", "builder/builderSource"].map((name) =>
  path.join(root, "components", `${name}.ts`),
);

/** What TypeScript knows of the component's arguments. Types of other packages, which take it seconds to read, are left out. */
export class ArgumentTypes {
  readonly checker: ts.TypeChecker;
  private readonly program: ts.Program;

  constructor() {
    const options: ts.CompilerOptions = {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      lib: ["lib.es2022.d.ts"],
      types: [],
      skipLibCheck: true,
      noEmit: true,
    };
    const host = ts.createCompilerHost(options);
    host.resolveModuleNameLiterals = (literals, file) =>
      literals.map(({ text }) =>
        isRead(text, file) ? ts.resolveModuleName(text, file, options, host) : { resolvedModule: undefined },
      );
    this.program = ts.createProgram(sources, options, host);
    this.checker = this.program.getTypeChecker();
  }

  /** An exported type, by its name. */
  typeOf(name: string): ts.Type {
    for (const source of this.program.getSourceFiles()) {
      const module =
        source.fileName.startsWith(path.join(root, "components")) && this.checker.getSymbolAtLocation(source);
      const found = module && this.checker.getExportsOfModule(module).find((each) => each.name === name);
      if (found) {
        return this.checker.getDeclaredTypeOfSymbol(found);
      }
    }
    throw new Error(`no file of components/ that is read exports a type ${name}`);
  }
}

function isRead(module: string, from: string): boolean {
  const isOwn = from.startsWith(path.join(root, "components"));
  return isOwn
    ? module.startsWith(".") || packages.includes(module)
    : !from.includes("@pulumi/pulumi") || module.startsWith(".");
}
