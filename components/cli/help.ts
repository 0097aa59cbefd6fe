import type { CommandName } from "./commands";
import { policyRoles } from "./policy";

const placeHelp = `  --region REGION    of EC2 nodes; default: AWS_REGION, AWS_DEFAULT_REGION, or the profile's
  --profile PROFILE  of ~/.aws/config; default: where AWS looks for credentials
  --namespace NAME   for nodes on Kubernetes: where they are; default with --context: the context's
  --context CONTEXT  for nodes on Kubernetes: of KUBECONFIG or ~/.kube/config; default: its current one`;

const rolesHelp = (options: Parameters<typeof policyRoles>[0]): string =>
  policyRoles(options)
    .map(({ name, who }) => `  --for ${name.padEnd(16)}  ${who}`)
    .join("\n");

const builderHelp = `BUILDER is a builder's registered name (builders-1a2b3c4d), or its beginning (builders) where only one builder has it.`;

const commandHelp: Record<CommandName, string> = {
  wake: `Usage: multi-platform-image wake BUILDER [options]

Starts the nodes of a builder, lets this machine in, and registers them with buildx, for builds from a shell or in CI:
prints the command to build with. Nodes stay awake for the minutes given, and then stop when they are idle. A builder
with ephemeral nodes has none to start: they live as long as the \`pulumi up\` that launches them.

${builderHelp}

  --minutes MINUTES  how long the nodes stay awake and let this machine in, from now on; default: 60, at most 1440
  --platform LIST    only the nodes of these platforms: linux/arm64,linux/amd64; again or with commas
${placeHelp}
`,
  stop: `Usage: multi-platform-image stop BUILDER [options]

Stops the nodes of a builder now, and takes back what \`wake\` holds for this machine; terminates ephemeral ones.
Caches stay. Refuses while somebody else needs the nodes or a build runs. A pod finishes what it builds in any case.

${builderHelp}

  --force            stops them even so
  --no-wait          does not wait until they have stopped
${placeHelp}
`,
  status: `Usage: multi-platform-image status [BUILDER] [options]

Shows a builder's nodes, who needs them and who is let in; without BUILDER, all builders of the account and region, or
of the namespace. Starts and changes nothing.

${builderHelp}

  --json             as JSON
${placeHelp}
`,
  clean: `Usage: multi-platform-image clean [BUILDER] [options]

Removes what is on this machine: registrations with buildx, certificates, dead sockets. Without BUILDER, all that is
dead or was made by \`wake\`. Calls nobody, and keeps what a running \`pulumi up\` uses.

  --nodes            what callers of BUILDER that were killed have left where its nodes are, too: in AWS rules that let
                     them in, and ephemeral nodes that hang; on Kubernetes Jobs that have not begun
${placeHelp}
`,
  report: `Usage: multi-platform-image report [IMAGE] [options]

Shows what the last build of an image did, from the project's folder: seconds of each platform, what came from the
cache, the first step that did not and why, cost. Without IMAGE, of all images that were built here. Calls nobody.

IMAGE is the name of a MultiPlatformImage.

  --stack STACK, -s  of this stack alone
  --compare          against the build before: the steps whose time differs
  --html FILE        writes the page, readable without a network or scripts
  --json             as JSON, as in report.json
`,
  policy: `Usage: multi-platform-image policy BUILDER --for ROLE [options]

Prints an IAM policy for callers of a builder, as JSON: all that one kind of caller needs, for this builder alone. With
--namespace a Role of Kubernetes, as YAML. Calls nobody, so that the builder need not be there yet.

BUILDER is the builder's registered name (builders-1a2b3c4d): the output \`builderName\`, which a preview shows, too.
Its beginning (builders) stands for every builder of that name, in whichever stack.

${rolesHelp({})}
  --account ACCOUNT       the AWS account's number; default: any, and a policy counts in its own alone
  --region REGION         default: all of the partition \`aws\`. In China and GovCloud the ARNs need it

For nodes on Kubernetes:

  --namespace NAME        where they are
${rolesHelp({ namespace: "" })}
`,
};

const generalHelp = `Usage: multi-platform-image COMMAND

Build nodes on EC2 and Kubernetes outside of \`pulumi up\`, and what callers may do.

  wake BUILDER      start the nodes and register them with buildx, for builds from a shell or in CI
  stop BUILDER      stop the nodes now
  status [BUILDER]  nodes, leases, ingress rules
  clean [BUILDER]   remove what is on this machine
  policy BUILDER    print the IAM policy or the Role that a caller needs
  report [IMAGE]    what the last build did, and what it cost

multi-platform-image COMMAND --help says more. Exit codes: 0 success, 1 failure, 2 wrong usage.
`;

export function helpText(command: CommandName | undefined): string {
  return command ? commandHelp[command] : generalHelp;
}
