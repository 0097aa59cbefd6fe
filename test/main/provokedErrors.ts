import type * as dockerBuild from "@pulumi/docker-build";

/** Where what a build asks for is. */
export interface Places {
  /** A real registry, and one that wants a login, with TLS that BuildKit trusts. */
  registry: string;
  closedRegistry: string;
  /** The port of the one that refuses by its repositories' names: faultyRegistry.ts. */
  faulty: number;
  /** Where an SSH server's greeting is said. */
  ssh: string;
  /** A base image with a shell. */
  base: string;
}

/** An image's arguments, as far as they differ from a push of one small file to a registry that takes it. */
type Input = Partial<Pick<dockerBuild.ImageArgs, "tags" | "target" | "context" | "builder" | "cacheTo" | "push">> & {
  dockerfile?: string;
};

const refused = "localhost:1";

const push = (tag: string): Input => ({ tags: [tag] });
const pushTo = (fault: string) => (at: Places) => push(`localhost:${at.faulty}/${fault}/x:1`);
const from = (image: string): Input => ({ dockerfile: `FROM ${image}\nCOPY Dockerfile /\n` });
const fromFaulty = (fault: string) => (at: Places) => from(`localhost:${at.faulty}/${fault}/x:1`);
const step = (line: string) => (at: Places) => ({ dockerfile: `FROM ${at.base}\n${line}\n` });
const scratch = (line: string) => (): Input => ({ dockerfile: `FROM scratch\n${line}\n` });

/** How errors of the classifier's table (test/unit/session/*Failures.ts) are made, by their title there. */
export const provokedErrors: Record<string, (at: Places) => Input> = {
  "push to a port where nothing listens": () => push(`${refused}/x:1`),
  "push to a server that resets connections": pushTo("reset"),
  "push to a registry that ends a connection in an upload": pushTo("cut"),
  "push to a registry that answers 429": pushTo("busy"),
  "push without a login": (at) => push(`${at.closedRegistry}/x:1`),
  "push to a registry that denies it": pushTo("denied"),
  "push without the right of ECR, in its words": pushTo("iam"),
  "push to a repository that is not there, in ECR's words": pushTo("unnamed"),
  "push beyond a quota, in Harbor's words": pushTo("quota"),
  "push of a tag that never moves, in ECR's words": pushTo("immutable"),
  "push through a proxy with a limit": pushTo("large"),
  "push to a registry that takes none": pushTo("readonly"),
  "push of a manifest to a registry that answers 500": pushTo("broken"),
  "push of a manifest to a registry that answers 500 and names no cause": pushTo("unknown"),
  "push to a proxy whose registry is down": pushTo("s502"),
  "push to a registry that answers 503": pushTo("s503"),
  "push to a registry whose disk is full": pushTo("full"),
  // Of each address BuildKit remembers who gives tokens.
  "push where the login service answers 503": (at) => push(`127.0.0.2:${at.faulty}/busytoken/x:1`),
  "push where nothing listens at the login service": (at) => push(`127.0.0.3:${at.faulty}/notoken/x:1`),
  "push to an SSH server": (at) => push(`${at.ssh}/x:1`),
  "push to a name without an address": () => push("registry.invalid/x:1"),
  "base image from a registry that answers 429": fromFaulty("busy"),
  "base image where the login service answers 503": (at) => from(`127.0.0.4:${at.faulty}/busytoken/x:1`),
  "cache to a port where nothing listens": () => ({ cacheTo: [{ registry: { ref: `${refused}/c:1` } }] }),
  "base image from a port where nothing listens": () => from(`${refused}/x:1`),
  "base image from a server that resets connections": fromFaulty("reset"),
  "base image without a login": (at) => from(`${at.closedRegistry}/x:1`),
  "base image from a registry that answers 503": fromFaulty("s503"),
  "base image from a proxy whose registry is down": fromFaulty("s502"),
  "base image that is not there": (at) => from(`${at.registry}/nope:1`),
  "base image by a digest that is not there": (at) =>
    from(`${at.base.replace(/:[^:/]*$/, "")}@sha256:${"0".repeat(64)}`),
  "base image from a server of web pages": fromFaulty("page"),
  "base image of a name without an address": () => from("registry.invalid/x:1"),
  "frontend from a port where nothing listens": () => ({
    dockerfile: `# syntax=${refused}/dockerfile:1\nFROM scratch\nCOPY Dockerfile /\n`,
  }),
  "ADD from a name without an address": scratch("ADD http://files.invalid/x /"),
  "ADD from a port where nothing listens": scratch(`ADD http://127.0.0.1:1/x /`),
  "ADD of an URL that is not there": (at) => scratch(`ADD http://127.0.0.1:${at.faulty}/x /`)(),
  "ADD with another checksum": (at) =>
    scratch(`ADD --checksum=sha256:${"0".repeat(64)} http://127.0.0.1:${at.faulty}/v2/page/x /`)(),
  "ADD from a Git server of a name without an address": scratch("ADD https://git.invalid/x.git /"),
  "context from a Git server of a name without an address": () => ({
    context: { location: "https://git.invalid/x.git" },
  }),
  "context from a port where no Git server listens": () => ({ context: { location: "http://127.0.0.1:1/x.git" } }),
  "a step that ends with 2": step("RUN exit 2"),
  "a step that is killed": step("RUN sh -c 'kill -9 $$'; exit $?"),
  "a step without a shell": scratch("COPY Dockerfile /\nRUN true"),
  "a step whose program is not there": step('RUN ["/nope"]'),
  "COPY of a file that is not there": scratch("COPY nope /"),
  "a target that is not there": () => ({ target: "nope" }),
  "FROM of a build argument without a value": () => ({ dockerfile: "ARG V\nFROM $V\n" }),
  "a required secret that is not given": step("RUN --mount=type=secret,id=nope,required true"),
  "a required SSH agent that is not given": step("RUN --mount=type=ssh,required true"),
  "a step that asks for more rights": step("RUN --security=insecure true"),
  "a builder that is not there": () => ({ builder: { name: "nope" } }),
};
