import * as assert from "node:assert/strict";

import { eksIdentity, type ExecConfig } from "../../../../components/nodes/kubernetes/run/eksExec";

const env = (variables: Record<string, string>) => Object.entries(variables).map(([name, value]) => ({ name, value }));
const args = ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", "farm", "--output", "json"];

describe("the program for a token of EKS that a kubeconfig names", () => {
  const meanings: [
    title: string,
    exec: ExecConfig,
    environment: Record<string, string>,
    expected: object | undefined,
  ][] = [
    ["aws", { command: "aws", args }, {}, { cluster: "farm", region: "eu-west-1", profile: undefined }],
    [
      "aws, with a role, a profile and equals signs",
      {
        command: "/opt/bin/aws",
        args: ["eks", "get-token", "--cluster-name=farm", "--role-arn=arn:aws:iam::1:role/r", "--profile", "ci"],
        env: env({ AWS_PROFILE: "other", AWS_REGION: "us-east-2", AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" }),
      },
      { AWS_REGION: "us-west-1" },
      { cluster: "farm", region: "us-east-2", profile: "ci", role: "arn:aws:iam::1:role/r" },
    ],
    [
      "aws-iam-authenticator",
      { command: "aws-iam-authenticator", args: ["token", "-i", "farm", "-r", "arn:aws:iam::1:role/r", "-s", "me"] },
      { AWS_DEFAULT_REGION: "eu-north-1" },
      { cluster: "farm", region: "eu-north-1", role: "arn:aws:iam::1:role/r", sessionName: "me" },
    ],
    [
      "aws, with a profile in its environment",
      { command: "aws", args, env: env({ AWS_PROFILE: "ci" }) },
      {},
      { cluster: "farm", region: "eu-west-1", profile: "ci" },
    ],
    [
      "aws, with a profile there and keys, which go first",
      { command: "aws", args, env: env({ AWS_PROFILE: "ci" }) },
      { AWS_ACCESS_KEY_ID: "A" },
      { cluster: "farm", region: "eu-west-1" },
    ],
    [
      "aws, with keys of its own",
      { command: "aws", args, env: env({ AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s" }) },
      {},
      { cluster: "farm", region: "eu-west-1", keys: { accessKey: "A", secretKey: "s", token: undefined } },
    ],
    [
      "aws, with what means nothing for a token",
      {
        command: "aws",
        args: [...args, "--no-cli-pager"],
        env: env({ AWS_STS_REGIONAL_ENDPOINTS: "regional", KUBERNETES_X: "1" }),
      },
      {},
      { cluster: "farm", region: "eu-west-1" },
    ],
    ["another one", { command: "gke-gcloud-auth-plugin" }, {}, undefined],
    ["aws for something else", { command: "aws", args: ["eks", "describe-cluster", "--name", "x"] }, {}, undefined],
    ["aws without a cluster", { command: "aws", args: ["eks", "get-token"] }, {}, undefined],
  ];
  for (const [title, exec, environment, expected] of meanings) {
    it(`is understood: ${title}`, () => {
      const found = eksIdentity(exec, environment);
      const known = found && Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
      const wanted = expected && Object.entries(expected).filter(([, value]) => value !== undefined);
      assert.deepEqual(known, wanted && Object.fromEntries(wanted));
    });
  }

  const variables = {
    AWS_SHARED_CREDENTIALS_FILE: "/ci/credentials",
    AWS_CONFIG_FILE: "/ci/config",
    AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
    AWS_DEFAULT_PROFILE: "ci",
    AWS_SECRET_ACCESS_KEY: "s",
    DEFAULT_ROLE: "arn:aws:iam::1:role/r",
    HOME: "/ci",
  };
  for (const [name, value] of Object.entries(variables)) {
    it(`is not understood with ${name} alone in its environment, which may mean another identity`, () => {
      assert.equal(eksIdentity({ command: "aws", args, env: env({ [name]: value }) }, {}), undefined);
    });
  }

  for (const more of [["--forward-session-name"], ["--endpoint-url", "https://sts.test"], ["-x"], ["--role-arn"]]) {
    it(`is not understood with ${more[0]} among its arguments`, () => {
      assert.equal(eksIdentity({ command: "aws", args: [...args, ...more] }, {}), undefined);
    });
  }
});
