import type { PlaceOptions } from "../../shell";
import { BuildError } from "../../../support/errors";
import type { Account } from "./account";

export async function openAccount({ region, profile }: PlaceOptions): Promise<Account> {
  // As the AWS CLI orders them; the SDK does not know AWS_DEFAULT_REGION.
  // https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const chosen = region ?? (AWS_REGION || AWS_DEFAULT_REGION || (await regionOfProfile(profile)));
  // Help texts and `clean` must not pay for the SDK.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openClients } = require("../run/clients") as typeof import("../run/clients");
  return { ...(await openClients({ region: chosen }, { profile })), region: chosen };
}

async function regionOfProfile(profile: string | undefined): Promise<string> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { STS } = require("@aws-sdk/client-sts") as typeof import("@aws-sdk/client-sts");
  try {
    return await new STS({ profile }).config.region();
  } catch (error) {
    throw new BuildError(
      `there is no AWS region: ${(error as Error).message}. Fix: give --region, or set AWS_REGION, or \`region\` of the profile in ~/.aws/config.`,
    );
  }
}
