import { strict as assert } from "node:assert";

import type { BatchV1Api, CoreV1Api, V1Job, V1Pod, V1PolicyRule } from "@kubernetes/client-node" with {
  "resolution-mode": "import",
};

import { buildRules, type Rule } from "../../components/nodes/kubernetes/policy";
import { waitUntil } from "../hosts/command";

/** What tests make and look at in a cluster, as its administrator. */
export interface Objects {
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  /** Fails while it is not ready. */
  readyMachine(name: string): Promise<void>;
  /** Fails where the machine did not have the label before. */
  labelMachine(name: string, label: string, value: string): Promise<void>;
  createNamespace(name: string, labels: Record<string, string>): Promise<void>;
  createStorageClass(name: string): Promise<void>;
  createVolume(volume: { name: string; folder: string; storageClass: string; machine: string }): Promise<void>;
  /** What a builder declares for a node, without Pulumi: a ConfigMap, whose UID it says, a Secret and a claim. */
  declare(namespace: string, name: string, node: DeclaredNode): Promise<string>;
  undeclare(namespace: string, name: string): Promise<void>;
  /** What a user may do in a namespace, and no more. In force when it returns. */
  setRole(namespace: string, user: string, rules: readonly Rule[]): Promise<void>;
  jobs(namespace: string): Promise<V1Job[]>;
  pods(namespace: string): Promise<V1Pod[]>;
  /** @param graceSeconds how long it may go on. @default its own */
  deletePod(namespace: string, name: string, graceSeconds?: number): Promise<void>;
  log(namespace: string, pod: string): Promise<string>;
  /** All that a namespace has of what builders make, as `KIND/NAME`. */
  names(namespace: string): Promise<string[]>;
}

export interface DeclaredNode {
  data: Record<string, string>;
  secret: Record<string, string>;
  storageClass: string;
}

/** As `VERB RESOURCE`. */
export function rightsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ resources, verbs }) => resources.flatMap((name) => verbs.map((verb) => `${verb} ${name}`)));
}

export async function openObjects(kubeconfig: string): Promise<Objects> {
  const client = await import("@kubernetes/client-node");
  const config = new client.KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(client.CoreV1Api);
  const batch = config.makeApiClient(client.BatchV1Api);
  const storage = config.makeApiClient(client.StorageV1Api);
  const rights = config.makeApiClient(client.RbacAuthorizationV1Api);
  const reviews = config.makeApiClient(client.AuthorizationV1Api);
  const jobs = async (namespace: string) => (await batch.listNamespacedJob({ namespace })).items;
  const pods = async (namespace: string) => (await core.listNamespacedPod({ namespace })).items;
  return {
    core,
    batch,
    readyMachine: async (name) => {
      const { status } = await core.readNode({ name });
      const isReady = status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
      if (!isReady) throw new Error(JSON.stringify(status?.conditions));
    },
    labelMachine: async (name, label, value) => {
      const machine = await core.readNode({ name });
      const { labels = {} } = machine.metadata ?? {};
      const had = labels[label];
      await core.replaceNode({
        name,
        body: { ...machine, metadata: { ...machine.metadata, labels: { ...labels, [label]: value } } },
      });
      assert.equal(had, value);
    },
    createNamespace: async (name, labels) =>
      void (await core.createNamespace({ body: { metadata: { name, labels } } })),
    createStorageClass: async (name) => {
      const provisioner = "kubernetes.io/no-provisioner";
      const body = { metadata: { name }, provisioner, volumeBindingMode: "WaitForFirstConsumer" };
      await storage.createStorageClass({ body });
    },
    createVolume: async ({ name, folder, storageClass, machine }) => {
      const key = "kubernetes.io/hostname";
      const terms = [{ matchExpressions: [{ key, operator: "In", values: [machine] }] }];
      const spec = {
        capacity: { storage: "10Gi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: storageClass,
        local: { path: folder },
        nodeAffinity: { required: { nodeSelectorTerms: terms } },
      };
      await core.createPersistentVolume({ body: { metadata: { name }, spec } });
    },
    declare: async (namespace, name, { data, secret, storageClass }) => {
      const metadata = { name };
      await core.createNamespacedSecret({ namespace, body: { metadata, stringData: secret } });
      const resources = { requests: { storage: "1Gi" } };
      const spec = { accessModes: ["ReadWriteOnce"], storageClassName: storageClass, resources };
      await core.createNamespacedPersistentVolumeClaim({ namespace, body: { metadata, spec } });
      const made = await core.createNamespacedConfigMap({ namespace, body: { metadata, data } });
      return made.metadata?.uid ?? "";
    },
    undeclare: async (namespace, name) => {
      await core.deleteNamespacedConfigMap({ namespace, name });
      await core.deleteNamespacedSecret({ namespace, name });
      await core.deleteNamespacedPersistentVolumeClaim({ namespace, name });
    },
    setRole: async (namespace, user, rules) => {
      const metadata = { name: user, namespace };
      const body = { metadata, rules: rules as V1PolicyRule[] };
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: user };
      const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }];
      // Both are made where they are not there.
      await rights.replaceNamespacedRole({ name: user, namespace, body });
      await rights.replaceNamespacedRoleBinding({ name: user, namespace, body: { metadata, roleRef, subjects } });
      const given = rightsOf(rules);
      const areInForce = async () => {
        for (const right of rightsOf(buildRules)) {
          const [verb, whole] = right.split(" ");
          const [resource, subresource] = whole.split("/");
          const resourceAttributes = {
            namespace,
            group: resource === "jobs" ? "batch" : "",
            resource,
            subresource,
            verb,
          };
          const review = { spec: { user, resourceAttributes } };
          const { status } = await reviews.createSubjectAccessReview({ body: review });
          assert.equal(status?.allowed, given.includes(right), right);
        }
      };
      await waitUntil("the rights", areInForce, { timeoutMilliseconds: 20_000, pauseMilliseconds: 50 });
    },
    jobs,
    pods,
    deletePod: async (namespace, name, gracePeriodSeconds) =>
      void (await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds })),
    log: (namespace, name) => core.readNamespacedPodLog({ namespace, name }),
    names: async (namespace) => {
      const lists = {
        job: await jobs(namespace),
        pod: await pods(namespace),
        claim: (await core.listNamespacedPersistentVolumeClaim({ namespace })).items,
        secret: (await core.listNamespacedSecret({ namespace })).items,
        configMap: (await core.listNamespacedConfigMap({ namespace })).items,
      };
      const all = Object.entries(lists).flatMap(([kind, items]) =>
        items.map(({ metadata }) => `${kind}/${metadata?.name}`),
      );
      // Kubernetes' own.
      return all.filter((name) => name !== "configMap/kube-root-ca.crt");
    },
  };
}
