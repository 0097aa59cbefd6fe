import type { Duplex } from "node:stream";

import type * as kubernetes from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { CoreV1Event, KubeConfig, V1Job, V1ObjectReference, V1Pod } from "@kubernetes/client-node" with {
  "resolution-mode": "import",
};

import { labels } from "../names";
import type { SecretText } from "../stored";
import { containerName } from "./job";
import { ApiError, statusMessage } from "./errors";
import { openForward } from "./forward";

// A cluster's API that is so slow is no help; a wake asks again.
const timeoutMilliseconds = 10_000;
const logLines = 20;

/** What is asked of a cluster for its nodes. Every call is within a bound of time. */
export interface Cluster {
  /** The address of its API. */
  readonly server: string;
  /** That of the kubeconfig's context. */
  readonly namespace: string | undefined;
  readJob(namespace: string, name: string): Promise<V1Job | undefined>;
  /** The Job as the cluster has it; nothing where one of its name is there already. */
  createJob(job: V1Job): Promise<V1Job | undefined>;
  /** Asks for its end, of this one alone. It is there until its pod is gone. */
  deleteJob(job: V1Job): Promise<void>;
  listPods(namespace: string, objectName: string): Promise<V1Pod[]>;
  /** Of the Job, its pods and the claim; oldest first. */
  listEvents(namespace: string, objectName: string): Promise<CoreV1Event[]>;
  /** The end of a pod's log; nothing where it has none. */
  readLog(namespace: string, pod: string): Promise<string>;
  forward(namespace: string, pod: string, port: number): Promise<Duplex>;
  /** What is under a key of each Secret with these labels. */
  listSecrets(namespace: string, labels: Readonly<Record<string, string>>, key: string): Promise<SecretText[]>;
}

type Client = typeof kubernetes;

export function openCluster(config: KubeConfig, client: Client): Cluster {
  const batch = config.makeApiClient(client.BatchV1Api);
  const core = config.makeApiClient(client.CoreV1Api);
  const server = config.getCurrentCluster()?.server ?? "";
  const ask = async <T>(verb: string, resource: string, work: Promise<T>): Promise<T> => {
    const timeout = new AbortController();
    try {
      return await Promise.race([work, silence(server, timeout.signal)]);
    } catch (error) {
      throw error instanceof client.ApiException ? apiError(error, verb, resource) : error;
    } finally {
      timeout.abort();
    }
  };
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    readJob: (namespace, name) => ask("get", "jobs", batch.readNamespacedJob({ namespace, name })).catch(without(404)),
    createJob: (job) => {
      const { namespace = "" } = job.metadata ?? {};
      return ask("create", "jobs", batch.createNamespacedJob({ namespace, body: job })).catch(without(409));
    },
    deleteJob: async ({ metadata: { namespace = "", name = "", uid } = {} }) => {
      // In the foreground: the Job's name is taken until nothing has the cache any more.
      const body = { propagationPolicy: "Foreground", preconditions: { uid } };
      await ask("delete", "jobs", batch.deleteNamespacedJob({ namespace, name, body })).catch(without(404, 409));
    },
    listPods: async (namespace, objectName) => {
      const labelSelector = `${labels.node}=${objectName}`;
      return (await ask("list", "pods", core.listNamespacedPod({ namespace, labelSelector }))).items;
    },
    listEvents: async (namespace, objectName) => {
      const { items } = await ask("list", "events", core.listNamespacedEvent({ namespace }));
      // Of a pod as a Job names it: of node `x` alone, where there is one `x-2`.
      const pod = new RegExp(`^${objectName}-[a-z0-9]{5}$`);
      const isOwn = ({ kind, name = "" }: V1ObjectReference) => (kind === "Pod" ? pod.test(name) : name === objectName);
      return items.filter(({ involvedObject }) => isOwn(involvedObject)).sort((one, other) => at(one) - at(other));
    },
    readLog: async (namespace, name) => {
      const asked = { namespace, name, container: containerName, tailLines: logLines };
      return (await ask("get", "pods/log", core.readNamespacedPodLog(asked)).catch(without(400, 404))) ?? "";
    },
    forward: (namespace, pod, port) => openForward(config, namespace, pod, port),
    listSecrets: async (namespace, wanted, key) => {
      const labelSelector = Object.entries(wanted)
        .map((pair) => pair.join("="))
        .join();
      const { items } = await ask("list", "secrets", core.listNamespacedSecret({ namespace, labelSelector }));
      return items.flatMap(({ data, metadata: { name = "" } = {} }) =>
        data?.[key] ? [{ name, text: Buffer.from(data[key], "base64").toString() }] : [],
      );
    },
  };
}

function without(...statuses: readonly number[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof ApiError && statuses.includes(error.status)) {
      return undefined;
    }
    throw error;
  };
}

function apiError({ code, body }: { code: number; body: unknown }, verb: string, resource: string): ApiError {
  return new ApiError(code, statusMessage(body) ?? `status ${code}`, { verb, resource });
}

async function silence(server: string, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer from the cluster's API at ${server} within ${timeoutMilliseconds / 1_000} s`));
    }, timeoutMilliseconds);
    signal.addEventListener("abort", () => clearTimeout(timer));
  });
}

function at({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();
}
