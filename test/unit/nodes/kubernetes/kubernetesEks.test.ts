import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { signForEks } from "../../../../components/nodes/kubernetes/run/eksAuth";
import type { ExecConfig } from "../../../../components/nodes/kubernetes/run/eksExec";
import { eksToken } from "../../../../components/nodes/kubernetes/run/eksToken";
import { temporaryDirectory } from "../../../main/stack";
import { type KnownKey, verify } from "./eksVerifier";
import { kubeconfigOf } from "./kubeconfig";

describe("a token of EKS", () => {
  const names = [
    "HOME",
    "PATH",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
  ].concat(["AWS_ENDPOINT_URL_STS", "AWS_EC2_METADATA_DISABLED", "AWS_REGION", "AWS_DEFAULT_REGION"]);
  const kept = names.map((name) => [name, process.env[name]] as const);
  const now = new Date("2026-11-28T12:00:00Z");
  const keys: Record<string, KnownKey> = {
    AKIDOFTHEENVIRONMENT: { secretKey: "secret/of+the=environment" },
    AKIDOFTHEPROFILE: { secretKey: "secret-of-the-profile" },
    ASIAOFTHEROLE: { secretKey: "secret-of-the-role", sessionToken: "token/of+the=role" },
  };
  const farm = { cluster: "farm", region: "eu-west-1" };
  let sts: http.Server;
  const asked: URLSearchParams[] = [];

  beforeEach(() => {
    const home = temporaryDirectory("home");
    names.forEach((name) => delete process.env[name]);
    Object.assign(process.env, { HOME: home, PATH: path.join(home, "none"), AWS_EC2_METADATA_DISABLED: "true" });
    fs.mkdirSync(path.join(home, ".aws"));
    const profile = [
      "[profile ci]",
      "aws_access_key_id = AKIDOFTHEPROFILE",
      `aws_secret_access_key = secret-of-the-profile`,
    ];
    fs.writeFileSync(path.join(home, ".aws/config"), `${profile.join("\n")}\n`);
  });

  before(async () => {
    sts = http.createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        asked.push(new URLSearchParams(body));
        const credentials = `<AccessKeyId>ASIAOFTHEROLE</AccessKeyId><SecretAccessKey>secret-of-the-role</SecretAccessKey><SessionToken>token/of+the=role</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration>`;
        response.setHeader("content-type", "text/xml");
        response.end(
          `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        );
      });
    });
    await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
  });

  after(() => {
    sts.close();
    for (const [name, value] of kept) {
      delete process.env[name];
      Object.assign(process.env, value !== undefined && { [name]: value });
    }
  });

  function useEnvironment(): void {
    process.env.AWS_ACCESS_KEY_ID = "AKIDOFTHEENVIRONMENT";
    process.env.AWS_SECRET_ACCESS_KEY = "secret/of+the=environment";
  }

  it("is signed with the credentials of the environment, for one cluster and for 15 minutes", async () => {
    useEnvironment();
    const token = await eksToken("builder farm", farm, "eu-west-1", now);
    assert.equal(verify(token, "farm", keys, now), "AKIDOFTHEENVIRONMENT");
    assert.throws(() => verify(token, "other", keys, now), /SignatureDoesNotMatch/);
    assert.throws(
      () => verify(token, "farm", { ...keys, AKIDOFTHEENVIRONMENT: { secretKey: "x" } }, now),
      /DoesNotMatch/,
    );
    assert.throws(() => verify(token, "farm", keys, new Date(now.getTime() + 901_000)), /expired/);
  });

  it("is of STS in the partition of its region", async () => {
    useEnvironment();
    for (const [region, host] of [
      ["cn-north-1", "sts.cn-north-1.amazonaws.com.cn"],
      ["us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"],
      ["eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"],
      ["us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"],
      ["us-east-1", "sts.us-east-1.amazonaws.com"],
    ]) {
      const token = await eksToken("builder farm", farm, region, now);
      assert.equal(verify(token, "farm", keys, now), "AKIDOFTHEENVIRONMENT");
      assert.equal(new URL(Buffer.from(token.slice(11), "base64url").toString()).host, host);
    }
  });

  it("is signed with those of a profile, or of keys that the kubeconfig has", async () => {
    useEnvironment();
    const ofProfile = await eksToken("builder farm", { ...farm, profile: "ci" }, "eu-west-1", now);
    assert.equal(verify(ofProfile, "farm", keys, now), "AKIDOFTHEPROFILE");
    const own = { accessKey: "ASIAOFTHEROLE", secretKey: "secret-of-the-role", token: "token/of+the=role" };
    const ofKeys = await eksToken("builder farm", { ...farm, keys: own }, "eu-west-1", now);
    assert.equal(verify(ofKeys, "farm", keys, now), "ASIAOFTHEROLE");
  });

  it("is signed with those of a role, which STS is asked for", async () => {
    useEnvironment();
    process.env.AWS_ENDPOINT_URL_STS = `http://127.0.0.1:${(sts.address() as AddressInfo).port}`;
    const role = "arn:aws:iam::111122223333:role/builds";
    const token = await eksToken("builder farm", { ...farm, role, externalId: "us" }, "eu-west-1", now);
    assert.equal(verify(token, "farm", keys, now), "ASIAOFTHEROLE");
    const [{ Action, RoleArn, RoleSessionName, ExternalId }] = asked.map((each) => Object.fromEntries(each));
    assert.deepEqual([Action, RoleArn, RoleSessionName, ExternalId], ["AssumeRole", role, "EKSGetTokenAuth", "us"]);
  });

  it("is reported with the fix where there are no credentials", async () => {
    await assert.rejects(
      eksToken("builder farm", farm, "eu-west-1"),
      /^BuildError: builder farm: there are no AWS credentials for a token of the EKS cluster farm: .*Fix: credentials in the environment/,
    );
  });

  describe("in a kubeconfig", () => {
    async function configOf(exec: ExecConfig, server = "https://1A2B.gr7.eu-west-1.eks.amazonaws.com") {
      const client = await import("@kubernetes/client-node");
      const config = new client.KubeConfig();
      const whole = { apiVersion: "client.authentication.k8s.io/v1beta1", ...exec };
      config.loadFromString(JSON.stringify(kubeconfigOf(server, {}, { token: undefined, exec: whole })));
      return config;
    }

    async function tokenOf(config: KubeConfig): Promise<string> {
      const options: { headers?: Record<string, string> } = {};
      await config.applyToHTTPSOptions(options);
      return (options.headers?.Authorization ?? "").replace(/^Bearer /, "");
    }

    const exec = { command: "aws", args: ["eks", "get-token", "--cluster-name", "farm"] };

    it("stands for a program that is not here, in the cluster's region, and is kept for the next request", async () => {
      useEnvironment();
      const config = await configOf(exec);
      signForEks("builder farm", config);
      const token = await tokenOf(config);
      assert.equal(verify(token, "farm", keys, new Date()), "AKIDOFTHEENVIRONMENT");
      assert.match(
        Buffer.from(token.slice(11), "base64url").toString(),
        /^https:\/\/sts\.eu-west-1\.amazonaws\.com\/\?/,
      );
      assert.equal(await tokenOf(config), token);
    });

    it("is the program's own where that is here", async () => {
      const programs = temporaryDirectory("programs");
      process.env.PATH = `${programs}:/usr/bin:/bin`;
      const credential = { status: { token: "of-the-program", expirationTimestamp: "2036-01-01T00:00:00Z" } };
      fs.writeFileSync(path.join(programs, "aws"), `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`, {
        mode: 0o755,
      });
      const config = await configOf(exec);
      signForEks("builder farm", config);
      assert.equal(await tokenOf(config), "of-the-program");
    });

    it("is reported with the fix where no region is known", async () => {
      const config = await configOf(exec, "https://10.0.0.1");
      assert.throws(
        () => signForEks("builder farm", config),
        /no region is known .*Fix: `--region` among the arguments/,
      );
    });
  });
});
