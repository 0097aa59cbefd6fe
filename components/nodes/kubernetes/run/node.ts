import type { V1Job, V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import type { Endpoint } from "../../../transport/endpoint";
import type { RunNode, Waiting } from "../../node";
import type { Progress } from "../../../support/progress";
import { title } from "../../node";
import { buildkitPort } from "../../daemonAddress";
import { BuildError } from "../../../support/errors";
import type { KubernetesConnection, KubernetesConnectionNode } from "../connection";
import type { Cluster } from "./cluster";
import { permanentError } from "./errors";
import { isOutdated, jobOf } from "./job";
import { isSince, type State, stateOf } from "./state";

// A pod that ends before it was ready is not going to be.
const mostFailures = 3;
/** Somebody else may delete a Job now and then; the garbage collector does it each time. */
const mostVanished = 3;

/** What there is of a node. */
export interface SeenNode {
  job: V1Job | undefined;
  state: State;
  /** The one that is ready, or any. */
  pod: V1Pod | undefined;
  endpoint?: Endpoint;
}

type Looked = Pick<SeenNode, "job" | "state"> & { pods: readonly V1Pod[] };

/** A node on Kubernetes: a Job that is made when a build needs it, and the way to its pod. */
export class KubernetesNode implements RunNode {
  readonly name: string;
  readonly platform: RunNode["platform"];
  readonly address: string;
  readonly native = true;
  /** How many of its pods in a row have ended before they were ready. */
  private failures = 0;
  /** Whether the last Job that was made should be there: nobody was seen to delete it. */
  private isExpected = false;
  /** How many in a row have gone in spite of that. */
  private vanished = 0;
  /** Why the last connection to its pod was refused, where waiting can't mend that. */
  private refusal: BuildError | undefined;
  private readonly wanted: V1Job;

  constructor(
    private readonly connection: Pick<KubernetesConnection, "tls" | "builderName">,
    private readonly node: KubernetesConnectionNode,
    private readonly cluster: () => Promise<Cluster>,
  ) {
    this.name = node.name;
    this.platform = node.platform;
    this.address = `kubernetes ${node.namespace}/${node.objectName}`;
    this.wanted = jobOf(node);
  }

  async wake(progress: Progress): Promise<Endpoint | Waiting> {
    try {
      return await this.step(await this.cluster(), progress);
    } catch (error) {
      const permanent = permanentError(title(this), this.node.namespace, error);
      if (permanent || error instanceof BuildError) {
        throw permanent ?? error;
      }
      return { waitingFor: `the cluster: ${(error as Error).message}` };
    }
  }

  /** The pod is asked to end, and the next wake makes another: not while anybody may be building there. */
  async replace(isInUse: boolean, progress: Progress): Promise<boolean> {
    if (isInUse) {
      return false;
    }
    const { job, state } = await this.look(await this.cluster());
    if (!job || state.kind !== "ready") {
      return false;
    }
    progress(`${title(this)} is silent: pod ${state.pod} is asked to end, and another one is made`);
    await this.delete(await this.cluster(), job);
    return true;
  }

  usual(): string {
    return "2 s to start on a machine that has the image, 1 to 2 minutes where a machine is added";
  }

  /** A pod that has never begun would wait for its machine for ever, and have one added for nobody. */
  async giveUp(progress: Progress): Promise<void> {
    const cluster = await this.cluster();
    const { job, state } = await this.look(cluster);
    // One that runs, and is not ready at the moment, may hold builds of others.
    const hasBegun = state.kind === "starting" ? state.isRunning : state.kind !== "refused";
    if (job && !hasBegun) {
      progress(`node ${this.name}: its Job ${this.node.objectName} is deleted, since it did not begin`);
      await this.delete(cluster, job);
    }
  }

  /** What there is of it now, and where its pod is if that is ready. Makes nothing. */
  async see(): Promise<SeenNode> {
    const { job, state, pods } = await this.look(await this.cluster());
    const pod = pods.find(({ metadata }) => state.kind === "ready" && metadata?.name === state.pod) ?? pods.at(-1);
    return { job, state, pod, ...(state.kind === "ready" && { endpoint: this.reach(state.pod) }) };
  }

  /** Asks its pod to end, which finishes what it builds. Says whether there was one. */
  async stop(): Promise<boolean> {
    const cluster = await this.cluster();
    const { job } = await this.look(cluster);
    if (job) {
      await this.delete(cluster, job);
    }
    return job !== undefined;
  }

  private async look(cluster: Cluster): Promise<Looked> {
    const { namespace, objectName, platform } = this.node;
    const job = await cluster.readJob(namespace, objectName);
    // After the Job: a pod of one that is gone is seen.
    const pods = await cluster.listPods(namespace, objectName);
    const state = stateOf({ job, pods, events: [], platform });
    if (state.kind !== "starting") {
      return { job, state, pods };
    }
    // Events alone say what is wrong.
    const events = await cluster.listEvents(namespace, objectName);
    return { job, state: stateOf({ job, pods, events: events.filter(isSince(job)), platform }), pods };
  }

  private async step(cluster: Cluster, progress: Progress): Promise<Endpoint | Waiting> {
    const { job, state } = await this.look(cluster);
    switch (state.kind) {
      case "absent":
        return this.create(cluster, progress);
      case "ending":
        // The garbage collector deletes in the background: a Job that is seen to end was deleted by somebody.
        this.isExpected &&= !job?.metadata?.deletionTimestamp;
        return { waitingFor: state.words };
      case "ended":
        return this.clearAway(cluster, job!, state, progress);
      case "refused":
        await this.delete(cluster, job!);
        throw new BuildError(`${title(this)}: ${state.words}.`);
      case "starting":
      case "ready":
        if (isOutdated(job!, this.wanted)) {
          progress(
            `node ${this.name}: its settings have changed; its pod ends what it builds, and another one is made`,
          );
          await this.delete(cluster, job!);
          this.vanished = 0;
          return { waitingFor: "the pod of earlier settings to end" };
        }
        return state.kind === "ready" ? this.reach(state.pod) : { waitingFor: state.words };
      default:
        return state satisfies never;
    }
  }

  private async create(cluster: Cluster, progress: Progress): Promise<Waiting> {
    this.countVanished(cluster);
    const made = await cluster.createJob(this.wanted);
    if (made && this.node.isolation === "userns" && made.spec?.template.spec?.hostUsers !== false) {
      // An older API server leaves the field out without a word, and the pod would be root on its machine.
      await this.delete(cluster, made);
      throw new BuildError(
        `${title(this)}: the cluster knows no user namespaces (\`hostUsers\`). Fix: Kubernetes 1.33 or newer, or \`isolation: "privileged"\`, which makes whoever builds root on its machine.`,
      );
    }
    if (made) {
      this.isExpected = true;
      progress(`node ${this.name}: starting it as Job ${this.node.objectName} in namespace ${this.node.namespace}`);
    }
    return { waitingFor: "its pod to be made" };
  }

  /**
   * A Job whose owner is not there is deleted by the garbage collector within seconds, each time.
   * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
   */
  private countVanished({ server }: Cluster): void {
    this.vanished += this.isExpected ? 1 : 0;
    this.isExpected = false;
    if (this.vanished > mostVanished) {
      const { namespace, objectName, configMapUid } = this.node;
      throw new BuildError(
        `${title(this)}: its Job was gone right after it was made, ${this.vanished} times in a row: the ConfigMap that it belongs to, ${namespace}/${objectName} with the uid ${configMapUid}, is not in the cluster at ${server} any more. Fix: the kubernetes provider of the builder's own cluster, and the \`connection\` that its stack exports now.`,
      );
    }
  }

  private async delete(cluster: Cluster, job: V1Job): Promise<void> {
    this.isExpected = false;
    await cluster.deleteJob(job);
  }

  /** What has ended gives way. The log says how it ended, as far as it knows. */
  private async clearAway(
    cluster: Cluster,
    job: V1Job,
    { pod, words, isFailed }: Extract<State, { kind: "ended" }>,
    progress: Progress,
  ): Promise<Waiting> {
    if (isFailed) {
      const log = pod ? await cluster.readLog(this.node.namespace, pod) : "";
      const said = [words, log && `the end of its log:\n${log.trimEnd()}`].filter(Boolean).join("; ");
      this.failures += 1;
      if (this.failures > mostFailures) {
        throw new BuildError(
          `${title(this)}: ${this.failures} pods in a row have ended before they were ready. ${said}`,
        );
      }
      progress(`node ${this.name}: its pod has ended: ${said}`);
    }
    await this.delete(cluster, job);
    return { waitingFor: "its last Job to be gone" };
  }

  private reach(pod: string): Endpoint {
    const { tls, builderName } = this.connection;
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) {
      throw refusal;
    }
    return {
      kind: "carried",
      address: `pod ${this.node.namespace}/${pod}`,
      tls,
      builderName,
      open: async () => {
        try {
          const stream = await (await this.cluster()).forward(this.node.namespace, pod, buildkitPort);
          this.failures = 0;
          this.vanished = 0;
          return stream;
        } catch (error) {
          this.refusal = permanentError(title(this), this.node.namespace, error);
          throw error;
        }
      },
    };
  }
}
