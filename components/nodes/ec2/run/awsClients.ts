import type { EC2 } from "@aws-sdk/client-ec2";
import type { SSM } from "@aws-sdk/client-ssm";

/** AWS as one identity in the region of a builder. */
export interface AwsClients {
  ec2: EC2;
  ssm: SSM;
  account: string;
  /** The identity's ARN, for messages. */
  identity: string;
  /** The ARN of what is in the builder's account and region. */
  readonly arn: (service: string, resource: string) => string;
  /** Milliseconds since 1970, as AWS's clock says where ours is known to be wrong. */
  readonly now: () => number;
}
