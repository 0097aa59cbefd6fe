/** All that is loaded of the AWS SDK for a token. */
import { STS } from "@aws-sdk/client-sts";

import { BuildError } from "../../../support/errors";
import { requestHandlerOf } from "../../ec2/run/awsTransport";
import { credentialsOf } from "../../ec2/run/credentials";
import type { EksIdentity } from "./eksExec";

/** The token's own bound, which the verifying side takes: STS itself lets it count for 15 minutes. */
const expiresInSeconds = 60;
const defaultSessionName = "EKSGetTokenAuth";

/** A request that is signed in its URL. The SDK's own type has `sign` alone, and the class more. */
interface Presigner {
  presign(request: SignedRequest, options: { expiresIn: number; signingDate?: Date }): Promise<SignedRequest>;
}

interface SignedRequest {
  method: string;
  protocol: string;
  hostname: string;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

/**
 * A token for EKS, as `aws eks get-token` makes it: a request to STS for the caller's identity, signed together with the name
 * of the cluster, which EKS sends. Calls nobody, but for credentials.
 * @see https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.7.7/README.md#api-authorization-from-outside-a-cluster
 */
export async function eksToken(owner: string, identity: EksIdentity, region: string, now?: Date): Promise<string> {
  const { cluster, profile, role, keys } = identity;
  // It would tell users to change a dependency of ours: https://github.com/aws/aws-sdk-js-v3/issues/6803
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const requestHandler = requestHandlerOf({});
  const assumed = role && {
    roleArn: role,
    sessionName: identity.sessionName ?? defaultSessionName,
    externalId: identity.externalId,
  };
  const settings = { profile, ...keys, ...(assumed && { assumeRoles: [assumed] }) };
  const sts = new STS({ region, credentials: credentialsOf(settings, { region, requestHandler }), requestHandler });
  // STS' own in the region's partition, whatever AWS_ENDPOINT_URL_STS names: EKS asks no other one.
  const { host } = sts.config.endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false }).url;
  try {
    const signer = (await sts.config.signer()) as unknown as Presigner;
    const request = {
      method: "GET",
      protocol: "https:",
      hostname: host,
      path: "/",
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
      headers: { host, "x-k8s-aws-id": cluster },
    };
    const { query } = await signer.presign(request, { expiresIn: expiresInSeconds, signingDate: now });
    const text = new URLSearchParams(query as Record<string, string>).toString();
    return `k8s-aws-v1.${Buffer.from(`https://${host}/?${text}`).toString("base64url")}`;
  } catch (error) {
    throw new BuildError(
      `${owner}: there are no AWS credentials for a token of the EKS cluster ${cluster}: ${(error as Error).message}. ` +
        "Fix: credentials in the environment or ~/.aws, as the program has them that the kubeconfig names, or its profile and role in the kubeconfig.",
    );
  }
}
