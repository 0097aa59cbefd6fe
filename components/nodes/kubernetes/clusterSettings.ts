/** Which cluster, as a kubernetes provider has it. A secret, never stored. */
export interface ClusterSettings {
  /** A kubeconfig's text or its path. @default - as kubectl finds it */
  kubeconfig?: string;
  context?: string;
  /** Another cluster than the context's, by its name in the kubeconfig. */
  cluster?: string;
}
