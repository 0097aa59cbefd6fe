interface Row {
  reason: RegExp;
  pattern: RegExp;
  words: (message: string, platform: string) => string;
}

const rows: readonly Row[] = [
  {
    reason: /^FailedScheduling$/,
    pattern: /storageclass\S* "?([^\s"]+)"? not found/i,
    words: (message) => `${message}. Fix: name a class of this cluster in \`storageClass\` (kubectl get storageclass)`,
  },
  {
    reason: /^FailedScheduling$/,
    pattern:
      /unbound immediate PersistentVolumeClaims|no persistent volumes available|didn't find available persistent volumes/,
    words: (message) =>
      `${message}: nothing makes the volume of its cache. Fix: a default storage class in the cluster, or \`storageClass\``,
  },
  {
    reason: /^FailedScheduling$/,
    pattern: /volume node affinity conflict/,
    words: (message) =>
      `${message}: the volume of its cache is in a zone that has no machine for it. Fix: machines in that zone, or delete the claim, with the cache in it`,
  },
  {
    reason: /^FailedScheduling$/,
    pattern: /Insufficient (cpu|memory)/,
    words: (message) => `${message}. Fix: smaller \`resources\`, or larger machines, where none is on its way`,
  },
  {
    reason: /^FailedScheduling$/,
    pattern: /untolerated taint/,
    words: (message) => `${message}. Fix: \`tolerations\` for that taint, where no other machine is on its way`,
  },
  {
    reason: /^FailedScheduling$/,
    pattern: /were unschedulable/,
    words: (message, platform) =>
      `${message}: no machine for ${platform} takes new pods, as while it is drained. Fix: \`kubectl uncordon\`, where none is on its way`,
  },
  {
    reason: /^FailedScheduling$/,
    pattern: /no nodes available|didn't match Pod's node affinity\/selector/,
    words: (message, platform) =>
      `${message}: the cluster has no machine for ${platform} with the labels in \`nodeSelector\`. Fix: a node group, or a NodePool of Karpenter, where none is on its way`,
  },
  {
    reason: /^(ErrImagePull|ImagePullBackOff|Failed)$/,
    pattern: /toomanyrequests|\b429\b/,
    words: (message) =>
      `its image can't be pulled: ${message}. Fix: \`image\` in a registry of your own, where limits don't apply`,
  },
  {
    reason: /^(ErrImagePull|ImagePullBackOff|InvalidImageName|Failed)$/,
    pattern: /pull|image/i,
    words: (message) =>
      `its image can't be pulled: ${message}. Fix: correct \`image\`, or let the machines reach its registry`,
  },
  {
    reason: /^FailedAttachVolume$/,
    pattern: /Multi-Attach/,
    words: (message) => `${message}: another machine has not let go of its cache yet`,
  },
  {
    reason: /^FailedMount$/,
    pattern: /not found/,
    words: (message) => `${message}. Fix: \`pulumi up --refresh\`, which declares it again`,
  },
  {
    reason: /^(FailedCreatePodSandBox|CreateContainerError|Failed)$/,
    // The kubelet's own refusal names its feature gate: https://github.com/kubernetes/kubernetes/blob/v1.35.4/pkg/kubelet/userns/userns_manager.go
    pattern: /user ?namespace|HostUsers|userns|idmap|id-mapped/i,
    words: (message) =>
      `${message}: its machine can't keep the pod in a user namespace of its own. Fix: machines with Linux 6.3, containerd 2.0 and a kubelet of 1.33 or newer, or \`isolation: "privileged"\``,
  },
];

/** An event's message in words that hold the fix, or as it is where there are no others. */
export function explainEvent(reason: string, message: string, platform: string): string | undefined {
  const text = message.trim().replace(/[.\s]+$/, "");
  if (!text) {
    return undefined;
  }
  const row = rows.find((each) => each.reason.test(reason) && each.pattern.test(text));
  return row ? row.words(text, platform) : `${reason}: ${text}`;
}
