import { BuildError } from "../../../support/errors";
import { buildRules, shellRules } from "../policy";

/** An answer of Kubernetes' API that is no success: its status code, and its own message. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** For `403`: what was asked for, as roles name it. */
    readonly asked: { verb: string; resource: string },
  ) {
    super(message);
  }
}

/** The message of a `Status` object, which errors have as JSON text: https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export function statusMessage(body: unknown): string | undefined {
  let status = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body) as unknown;
    } catch {
      return body.trim().slice(0, 500) || undefined;
    }
  }
  const message = (status as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : undefined;
}

/** The rule that is missing, as a Role has it. */
function ruleFor({ verb, resource }: ApiError["asked"]): string {
  const { apiGroups = [""] } =
    [...buildRules, ...shellRules].find(({ resources }) => resources.includes(resource)) ?? {};
  const list = (values: readonly string[]) => `[${values.map((each) => JSON.stringify(each)).join(", ")}]`;
  return `{ apiGroups: ${list(apiGroups)}, resources: ${list([resource])}, verbs: ${list(verb.split(" and "))} }`;
}

/** A kubeconfig names a program for its token, and that can't be started here. */
function missingProgram(owner: string, error: unknown): BuildError | undefined {
  const { code, syscall = "", message } = error as NodeJS.ErrnoException;
  const [, program] = /^spawn (.+)$/.exec(syscall) ?? [];
  return program !== undefined && (code === "ENOENT" || code === "EACCES")
    ? new BuildError(
        `${owner}: the kubeconfig has its token from the program ${program}, which this machine can't start (${message}). Fix: install it where \`pulumi up\` runs, or give the kubernetes provider of the builder a kubeconfig with a token or a certificate.`,
      )
    : undefined;
}

/** What an answer means that waiting can't mend, or nothing. */
export function permanentError(owner: string, namespace: string, error: unknown): BuildError | undefined {
  if (!(error instanceof ApiError)) {
    return missingProgram(owner, error);
  }
  const { status, asked } = error;
  const message = error.message.replace(/[.\s]+$/, "");
  switch (status) {
    case 401:
      return new BuildError(
        `${owner}: the cluster refuses these credentials (401 ${message}). Fix: a kubeconfig whose token or certificate is valid, in the kubernetes provider of the builder.`,
      );
    case 403: {
      // The answer to a port-forward names no verb: https://github.com/kubernetes/kubernetes/issues/132716
      const right = `${asked.verb} ${asked.resource}`;
      const denied = denial(message);
      return denied
        ? new BuildError(`${owner}: ${denied.cause}. Fix: ${denied.fix}.`)
        : new BuildError(
            `${owner}: no right to ${right} in namespace ${namespace} (${message}). Fix: a Role in that namespace with the rule ${ruleFor(asked)}, bound to whoever runs \`pulumi up\` (docs/kubernetes.md has all rules).`,
          );
    }
    case 404:
      return /namespaces ".*" not found/.test(message)
        ? new BuildError(`${owner}: there is no namespace ${namespace}. Fix: make it, or correct \`namespace\`.`)
        : undefined;
    case 400:
    case 422:
      if (asked.resource !== "jobs") {
        return noUpgrade(owner, message);
      }
      return new BuildError(`${owner}: the cluster refuses its Job: ${message}. Fix: correct the node's arguments.`);
    default:
      return undefined;
  }
}

/**
 * What is in the way to the API has left out the headers of a WebSocket: the API's own words for that.
 * @see https://github.com/kubernetes/kubernetes/blob/v1.35.4/staging/src/k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go
 */
function noUpgrade(owner: string, message: string): BuildError | undefined {
  return /Upgrade request required|missing upgrade headers/i.test(message)
    ? new BuildError(
        `${owner}: something between this machine and the cluster's API passes no WebSockets, which the way to a pod needs (400 ${message}). Fix: let them through there, or reach the API without it (\`server\` of the kubeconfig, NO_PROXY).`,
      )
    : undefined;
}

interface Denial {
  pattern: RegExp;
  cause: (match: RegExpExecArray) => string;
  fix: string;
  /** Waiting may mend it. */
  isPassing?: boolean;
}

/** Why the cluster makes no pod, by the messages of its admission. */
const denials: readonly Denial[] = [
  {
    // https://kubernetes.io/docs/concepts/security/pod-security-standards/
    pattern: /violates PodSecurity "([^"]+)"/,
    cause: ([, level]) => `the namespace admits no privileged pod (PodSecurity "${level}"), and BuildKit needs one`,
    fix: "`kubectl label --overwrite namespace NAMESPACE pod-security.kubernetes.io/enforce=privileged`, or another `namespace`",
  },
  {
    pattern: /exceeded quota: (\S+?), (.*)/,
    cause: ([, quota, what]) => `the namespace's quota ${quota} is used up (${what.trim()})`,
    fix: "smaller `resources`, or have the quota raised",
    isPassing: true,
  },
  {
    pattern: /admission webhook "([^"]+)" denied the request: (.*)/s,
    cause: ([, webhook, why]) => `the cluster's admission webhook ${webhook} denies the pod: ${why.trim()}`,
    fix: "have it admit the builder's namespace",
  },
  {
    pattern: /serviceaccount "([^"]+)" not found/,
    cause: ([, account]) => `the namespace has no service account ${account} yet`,
    fix: "wait, or look at the cluster's controller manager",
    isPassing: true,
  },
];

/** What a refusal of a pod means, or nothing. */
export function denial(message: string): { cause: string; fix: string; isPassing: boolean } | undefined {
  for (const { pattern, cause, fix, isPassing = false } of denials) {
    const match = pattern.exec(message);
    if (match) {
      return { cause: cause(match), fix, isPassing };
    }
  }
  return undefined;
}
