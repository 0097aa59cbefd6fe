/** `pulumi-resource-multi-platform-image ENGINE`: what Pulumi starts for programs in other languages. */
import * as pulumi from "@pulumi/pulumi";

import { cancel, endWith } from "./lifetime";
import { Provider } from "./provider";

// What paths in arguments are relative to: Pulumi starts a plugin in the project's folder. The SDK reads it for each component.
process.env.PULUMI_NODEJS_ROOT_DIRECTORY ??= process.cwd();

const args = process.argv.slice(2);
endWith(args.filter((argument) => !argument.startsWith("-")).at(-1));
void pulumi.provider.main(new Provider(cancel), args);
