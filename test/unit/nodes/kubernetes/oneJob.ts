import { PassThrough } from "node:stream";

import type { V1Job, V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import type { Cluster } from "../../../../components/nodes/kubernetes/run/cluster";
import type { SecretText } from "../../../../components/nodes/kubernetes/stored";

/** A cluster as far as one node sees it. */
export class OneJob implements Cluster {
  readonly server = "https://cluster.test";
  readonly namespace = "of-the-context";
  readonly done: string[] = [];
  job: V1Job | undefined;
  pods: V1Pod[] = [];
  secrets: SecretText[] = [];
  dropsUserNamespaces = false;

  readJob = () => Promise.resolve(this.job);
  listPods = () => Promise.resolve(this.pods);
  listEvents = () => Promise.resolve([]);
  readLog = () => Promise.resolve("guard: buildkitd has ended by itself, with 1\n");
  listSecrets = () => Promise.resolve(this.secrets);
  forward = () => Promise.resolve(new PassThrough());

  createJob(job: V1Job): Promise<V1Job | undefined> {
    this.done.push("create");
    const made = structuredClone(job);
    made.metadata = { ...made.metadata, uid: "job-uid", creationTimestamp: new Date() };
    if (this.dropsUserNamespaces) {
      delete made.spec?.template.spec?.hostUsers;
    }
    this.job = made;
    return Promise.resolve(made);
  }

  deleteJob(): Promise<void> {
    this.done.push("delete");
    this.job = undefined;
    this.pods = [];
    return Promise.resolve();
  }
}
