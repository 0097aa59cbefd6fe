import { isProperties, isUnknown, mapProperties, type Properties, secret } from "../protocol/values";
import { type Aws, regionOf } from "./client";

/** The provider's arguments in Terraform's names, as of hashicorp/aws 6. */
const argumentNames = [
  ...["access_key", "allowed_account_ids", "assume_role", "assume_role_with_web_identity", "custom_ca_bundle"],
  ...["default_tags", "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "endpoints"],
  ...["forbidden_account_ids", "http_proxy", "https_proxy", "ignore_tags", "insecure", "max_retries", "no_proxy"],
  ...["profile", "region", "retry_mode", "s3_us_east_1_regional_endpoint", "s3_use_path_style", "secret_key"],
  ...["shared_config_files", "shared_credentials_files", "skip_credentials_validation", "skip_metadata_api_check"],
  ...["skip_region_validation", "skip_requesting_account_id", "sts_region", "tag_policy_compliance", "token"],
  ...["token_bucket_rate_limiter_capacity", "use_dualstack_endpoint", "use_fips_endpoint", "user_agent"],
];

const blockNames: Record<string, readonly string[]> = {
  assume_role: [
    ...["duration", "external_id", "policy", "policy_arns", "role_arn", "session_name", "source_identity", "tags"],
    "transitive_tag_keys",
  ],
  default_tags: ["tags"],
  endpoints: ["ec2", "ecr", "iam", "s3", "ssm", "sts"],
};

/** Pulumi's names of what Terraform names in the singular. */
const singular: Record<string, string> = { assume_roles: "assume_role", user_agents: "user_agent" };

/**
 * The method `terraformConfig` of the real provider: all arguments by Terraform's names, those that were not given as
 * null, blocks as lists, and each top-level value a secret.
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/provider.go returnTerraformConfig
 */
export function terraformConfig({ configuration }: Pick<Aws, "configuration">): Properties {
  if (isUnknown(configuration)) {
    throw new Error(
      "it looks like you're trying to use the provider's terraformConfig function. The result of this function is meant " +
        "for use as the config value of a required provider for a Pulumi Terraform Module. All inputs to provider " +
        "configuration must be known for this feature to work: ConfigMap contains unknowns",
    );
  }
  const given = terraformNames({ ...configuration, region: regionOf(configuration) });
  const result = Object.fromEntries(argumentNames.map((name) => [name, given[name] ?? null]));
  return { result: mapProperties(result, (value, name) => secret(block(name, value))) };
}

function block(name: string, value: unknown): unknown {
  const names = blockNames[name];
  if (!names || value === null) return value;
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.filter(isProperties).map((each) => {
    const given = terraformNames(each);
    return { ...Object.fromEntries(names.map((key) => [key, null])), ...given };
  });
}

function terraformNames(properties: Properties): Properties {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const entries = Object.entries(properties).map(([name, value]) => [singular[snake(name)] ?? snake(name), value]);
  return Object.fromEntries(entries) as Properties;
}
