import type { Platform } from "../../support/platforms";

/** The label `kubernetes.io/arch` of machines of a platform, by the platform without its variant: Go's names of architectures. */
const architectures: ReadonlySet<string> = new Set(["amd64", "arm64", "arm", "ppc64le", "riscv64", "s390x"]);

/** The label `kubernetes.io/arch` of the machines of a platform, or nothing where Kubernetes has none. */
export function architectureOf(platform: Platform): string | undefined {
  const [, architecture] = platform.split("/");
  return architectures.has(architecture) ? architecture : undefined;
}
