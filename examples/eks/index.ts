import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { Provider } from "@pulumi/kubernetes/provider";
import { Builder } from "pulumi-multi-platform-image";

import { buildsInCluster, cluster, kubeconfig, nodeGroups } from "./cluster";
import { createImage } from "./images";
import { createPods } from "./pods";

const port = 8080;
const labels = { app: "api" };

const provider = new Provider("api", { kubeconfig });
// Without the switch a Graviton and an x86 instance, besides the cluster's: they cost nothing while nobody builds, and builds
// take no capacity from what the cluster runs.
const builder = buildsInCluster ? createPods(provider) : new Builder("builders");
const image = createImage(builder);
const deployment = new Deployment(
  "api",
  {
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          // One pod on each architecture. Counted for each revision: else old pods would keep new ones off their nodes.
          // https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
          topologySpreadConstraints: [
            {
              topologyKey: "kubernetes.io/arch",
              maxSkew: 1,
              minDomains: 2,
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: labels },
              matchLabelKeys: ["pod-template-hash"],
            },
          ],
          automountServiceAccountToken: false,
          containers: [
            {
              name: "api",
              // The index: each node takes its own platform from it.
              image: image.ref,
              ports: [{ containerPort: port }],
              readinessProbe: { httpGet: { path: "/", port } },
              resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } },
              // 1000 is the user `node` of the image.
              securityContext: { runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false },
            },
          ],
        },
      },
    },
  },
  // It is ready when its pods are, and these need both architectures.
  { provider, dependsOn: nodeGroups },
);

export const ref = image.ref;
export const indexDigest = image.indexDigest;
export const clusterName = cluster.name;
export const deploymentName = deployment.metadata.name;
