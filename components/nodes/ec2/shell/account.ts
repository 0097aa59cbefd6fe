import type { AwsClients } from "../run/awsClients";

/** AWS as the identity of the command line or its environment, in one region. */
export interface Account extends AwsClients {
  region: string;
}
