import * as pulumi from "@pulumi/pulumi";

import { nodeServerName } from "../../daemonAddress";
import { orMocked } from "../../../pulumi/mocks";
import { asResourceError } from "../../../pulumi/resourceError";
import { type Authority, createAuthority, issueLeaf } from "../../ec2/declare/authority";
import type { KubernetesConnection, KubernetesConnectionNode } from "../connection";
import type { NormalKubernetesNode } from "../normalise";
import { guardScript } from "./guard";
import { buildkitdToml } from "./buildkitdToml";
import { type KubernetesClasses, loadClasses } from "./classes";
import { labels, objectName } from "../names";
import { storedKey, storedLabel, storedName, type StoredNode } from "../stored";

/** What of a builder its nodes on Kubernetes are made with. */
export interface KubernetesBuilder {
  builderName: pulumi.Output<string>;
  nodes: readonly NormalKubernetesNode[];
  idleTimeoutMinutes: number;
  maxLifetimeMinutes: number;
  wakeTimeoutSeconds: number;
}

/** Longer than anybody waits for the other nodes of a build, so that none ends meanwhile. */
const moreIdleSeconds = 60;

/** Seconds without a build and without a connection after which a pod ends itself. */
export function idleSecondsOf({ idleTimeoutMinutes, wakeTimeoutSeconds }: Omit<KubernetesBuilder, "nodes">): number {
  return Math.max(idleTimeoutMinutes * 60, wakeTimeoutSeconds + moreIdleSeconds);
}

/**
 * Another content is another object, with another uid, and so another pod: in place the provider would change one where it is
 * told to (`enableConfigMapMutable`, `enableSecretMutable`).
 * @see https://github.com/pulumi/pulumi-kubernetes/blob/v4.34.2/provider/pkg/provider/diff.go
 */
const immutable = true;

/**
 * The nodes of one builder on Kubernetes, declared: what stays while nobody builds, and no workload. Says how they are
 * reached, as a secret.
 */
export function createKubernetesNodes(
  component: pulumi.ComponentResource,
  name: string,
  builder: KubernetesBuilder,
): pulumi.Output<KubernetesConnection> {
  const classes = asResourceError(component, () => loadClasses(`Builder ${name}`));
  const opts = { parent: component };
  // EC2 nodes of the same builder have an authority of their own.
  const authority = createAuthority(`${name}-kubernetes`, opts);
  const client = issueLeaf(`${name}-kubernetes-client`, authority, { for: "client_auth" }, opts);
  const tls = { ca: authority.certs, cert: client.cert, key: client.key, serverName: nodeServerName };
  const nodes = builder.nodes.map((node) => {
    const nodeName = `${name}-${node.name}`;
    const made = createNode(classes, nodeName, node, builder, authority, opts);
    const { builderName, wakeTimeoutSeconds } = builder;
    const additionalPlatforms = node.additionalPlatforms && [...node.additionalPlatforms];
    const stored = { builderName, wakeTimeoutSeconds, tls, additionalPlatforms, node: made };
    publish(classes, nodeName, pulumi.output(stored), opts);
    return made;
  });
  return pulumi.secret({ builderName: builder.builderName, tls, nodes });
}

/**
 * For the command line, which knows no more than a namespace and the beginning of a name. A Secret of its own: the pod has the
 * other one, and no use for a client's key.
 */
function publish(
  classes: KubernetesClasses,
  name: string,
  stored: pulumi.Output<StoredNode>,
  opts: pulumi.CustomResourceOptions,
): void {
  const { objectName, namespace } = pulumi.unsecret(stored).node;
  const metadata = {
    name: objectName.apply(storedName),
    namespace,
    labels: { ...labels.managedBy, ...storedLabel },
  };
  const stringData = { [storedKey]: pulumi.secret(pulumi.jsonStringify(stored)) };
  new classes.Secret(`${name}-connection`, { metadata, immutable, stringData }, opts);
}

function createNode(
  classes: KubernetesClasses,
  name: string,
  node: NormalKubernetesNode,
  builder: KubernetesBuilder,
  authority: Authority,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<KubernetesConnectionNode> {
  const ownName = builder.builderName.apply((builderName) => objectName(builderName, node.name));
  const metadata = { name: ownName, namespace: node.namespace, labels: labels.managedBy };
  const leaf = issueLeaf(name, authority, { for: "server_auth", dnsName: nodeServerName }, opts);
  const secret = new classes.Secret(
    name,
    { metadata, immutable, stringData: { "tls.crt": leaf.cert, "tls.key": leaf.key, "ca.crt": authority.certs } },
    opts,
  );
  const data = {
    "buildkitd.toml": buildkitdToml(node.settings),
    "guard.sh": guardScript,
    // Another class is another claim, and the old one stays until no pod has it: with the ConfigMap its pod is asked to end.
    // https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
    ...(node.storageClass !== undefined && { "storage-class": node.storageClass }),
  };
  const configMap = new classes.ConfigMap(name, { metadata, immutable, data }, opts);
  createClaim(classes, name, metadata, node, opts);
  const { architecture, isolation, cpu, memory, nodeSelector, tolerations, image, platform } = node;
  return pulumi.output({
    name: node.name,
    platform,
    objectName: ownName,
    namespace: node.namespace,
    configMapUid: orMocked(configMap.metadata.uid, "mocked"),
    secretUid: orMocked(secret.metadata.uid, "mocked"),
    architecture,
    isolation,
    cpu,
    memory,
    nodeSelector: { ...nodeSelector },
    tolerations: [...tolerations],
    image,
    idleSeconds: idleSecondsOf(builder),
    lifetimeSeconds: builder.maxLifetimeMinutes * 60,
  });
}

function createClaim(
  classes: KubernetesClasses,
  name: string,
  metadata: { name: pulumi.Output<string>; namespace: pulumi.Input<string>; labels: Record<string, string> },
  { cacheVolumeSizeGibibytes, storageClass }: NormalKubernetesNode,
  opts: pulumi.CustomResourceOptions,
): void {
  new classes.PersistentVolumeClaim(
    name,
    {
      // Most volumes are made for their first pod, and there is none until somebody builds.
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: storageClass,
        resources: { requests: { storage: `${cacheVolumeSizeGibibytes}Gi` } },
      },
    },
    opts,
  );
}
