import * as assert from "node:assert/strict";

import {
  durationSeconds,
  settingsOfPulumiConfig,
  settingsOfTerraformConfig,
} from "../../../../../components/nodes/ec2/awsSettings";

describe("settings of the aws provider", () => {
  it("are taken from terraformConfig(), where what is not set is null", () => {
    const settings = settingsOfTerraformConfig({
      access_key: "AK",
      secret_key: "SK",
      token: null,
      region: "eu-central-1",
      profile: "work",
      max_retries: null,
      shared_config_files: ["~/.aws/config"],
      shared_credentials_files: [],
      assume_role: [
        { role_arn: "arn:aws:iam::1:role/a", duration: "1h", external_id: "x", session_name: null, tags: null },
        { role_arn: "arn:aws:iam::2:role/b", duration: null, policy_arns: ["arn:p"], tags: { team: "blue" } },
        { role_arn: null },
      ],
      assume_role_with_web_identity: [{ role_arn: "arn:aws:iam::1:role/ci", web_identity_token_file: "/token" }],
      endpoints: [{ ec2: "http://127.0.0.1:5000", s3: null }, { ssm: "http://127.0.0.1:5001" }],
      use_fips_endpoint: true,
      use_dualstack_endpoint: false,
      http_proxy: null,
      https_proxy: "http://proxy:3128",
      no_proxy: "internal",
      custom_ca_bundle: "/ca.pem",
      insecure: true,
    });
    assert.deepEqual(settings, {
      accessKey: "AK",
      secretKey: "SK",
      profile: "work",
      sharedConfigFiles: ["~/.aws/config"],
      assumeRoles: [
        { roleArn: "arn:aws:iam::1:role/a", durationSeconds: 3600, externalId: "x" },
        { roleArn: "arn:aws:iam::2:role/b", policyArns: ["arn:p"], tags: { team: "blue" } },
      ],
      assumeRoleWithWebIdentity: { roleArn: "arn:aws:iam::1:role/ci", tokenFile: "/token" },
      endpoints: { ec2: "http://127.0.0.1:5000", ssm: "http://127.0.0.1:5001" },
      useFipsEndpoint: true,
      httpsProxy: "http://proxy:3128",
      noProxy: "internal",
      customCaBundle: "/ca.pem",
      insecure: true,
    });
  });

  it("are taken from the stack's configuration, where lists and objects are JSON", () => {
    const config: Record<string, string> = {
      profile: "work",
      secretKey: "12345",
      assumeRoles: JSON.stringify([{ roleArn: "arn:aws:iam::1:role/a", externalId: "x", duration: "90m" }]),
      assumeRoleWithWebIdentity: JSON.stringify({ roleArn: "arn:aws:iam::1:role/ci", webIdentityToken: "t" }),
      endpoints: JSON.stringify([{ sts: "http://127.0.0.1:5000" }]),
      useDualstackEndpoint: "true",
      httpProxy: "proxy:3128",
      insecure: "true",
    };
    assert.deepEqual(
      settingsOfPulumiConfig((key) => config[key]),
      {
        profile: "work",
        secretKey: "12345",
        assumeRoles: [{ roleArn: "arn:aws:iam::1:role/a", externalId: "x", durationSeconds: 5400 }],
        assumeRoleWithWebIdentity: { roleArn: "arn:aws:iam::1:role/ci", token: "t" },
        endpoints: { sts: "http://127.0.0.1:5000" },
        useDualstackEndpoint: true,
        httpProxy: "proxy:3128",
        insecure: true,
      },
    );
  });

  it("are none where nothing is configured", () => {
    assert.deepEqual(
      settingsOfPulumiConfig(() => undefined),
      { endpoints: {} },
    );
    assert.deepEqual(settingsOfTerraformConfig({ profile: "" }), { endpoints: {} });
  });

  for (const [text, seconds] of [
    ["1h30m", 5400],
    ["900s", 900],
    ["1.5h", 5400],
    ["900000ms", 900],
    ["", undefined],
    [undefined, undefined],
  ] as const) {
    it(`understand the duration ${text}`, () => assert.equal(durationSeconds(text), seconds));
  }
});
