import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

import { apiPort } from "../cloud/emulator";
import { skipWithout } from "../hosts";
import { freePort, layOutTls } from "../hosts/registry";
import { serveTls } from "../hosts/tlsFront";
import { temporaryDirectory } from "../main/stack";
import { type LoggingProxy, startProxy } from "../unit/registry/proxies";
import { amd64Spec, writeApp } from "./amd64";
import { createStack, type Ec2Machines, getEc2 } from "./fixture";

const name = "aws.test";

/** The account's API, behind a certificate that no system trusts and a name that no name server knows. */
describe("an aws provider with a proxy and certificates of its own", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let proxy: LoggingProxy;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
  });
  after(() => proxy?.stop());

  async function startFront(): Promise<number> {
    const folder = temporaryDirectory("aws-front");
    await layOutTls(folder, ec2.authority, name);
    const port = await freePort("127.0.0.1");
    await serveTls(ec2.run, folder, { address: "127.0.0.1", port }, async (incoming, outgoing) => {
      const { method, headers, url } = incoming;
      const passed = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const options = { host: ec2.cloud.vpc.address, port: apiPort, path: url, method, headers };
        incoming.pipe(http.request(options, resolve).once("error", reject));
      });
      outgoing.writeHead(passed.statusCode ?? 502, passed.headers);
      passed.pipe(outgoing);
    });
    return port;
  }

  it("is followed by the hooks: an update builds, and destroy leaves nothing, with no other way to AWS", async () => {
    const address = new URL(ec2.registry.url).hostname;
    proxy = await startProxy({ upstream: await startFront(), host: address });
    const bundle = path.join(temporaryDirectory("aws-trust"), "ca.pem");
    fs.writeFileSync(bundle, ec2.authority.certificate);
    const services = ["cloudwatch", "ec2", "ssm", "sts", "iam", "ecr", "ecs", "logs"];
    const stack = await createStack(
      {
        ...(await amd64Spec({ name: "proxied" })),
        provider: {
          region: "us-east-1",
          endpoints: [Object.fromEntries(services.map((service) => [service, `https://${name}`]))],
          // Where there is no proxy for HTTPS, it counts for that, too.
          httpProxy: proxy.url,
          customCaBundle: bundle,
        },
      },
      { environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:9" } },
    );
    await writeApp(stack);
    await ec2.cloud.forgetCalls();
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const calls = await ec2.cloud.calls();
    const own = calls.filter(({ caller, agent }) => caller.kind === "caller" && !agent.includes("standin-aws"));
    for (const operation of ["AuthorizeSecurityGroupIngress", "DescribeInstances", "RevokeSecurityGroupIngress"]) {
      assert.ok(
        own.some((each) => each.operation === operation),
        `no hook has called ${operation}`,
      );
    }
    const tunnels = new Set(proxy.log.map((request) => request.split("\n")[0]));
    assert.deepEqual([...tunnels], [`CONNECT ${name}:443`]);
    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
  });
});
