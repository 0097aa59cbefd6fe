import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { type EcrRepository, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../../components";
import { checkEcrName, ecrRegion } from "../../../../components/image/repository/ecrName";

const url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api";

interface Login {
  address: string;
  username?: string;
  password?: string;
}

interface Inputs {
  tags: string[];
  registries: Login[];
  keys: string[];
}

describe("the repository of an image", () => {
  const context = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-repository-"));
  const images: Record<string, Inputs> = {};
  const stashes: Record<string, unknown> = {};
  const calls: { token: string; inputs: unknown }[] = [];

  before(async () => {
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch");
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          if (type === "docker-build:index:Image") {
            const { tags, registries } = inputs as { tags: string[]; registries: { value: Login[] } };
            // The mocks show a secret as the engine gets it: in an envelope.
            images[name] = { tags, registries: registries.value, keys: Object.keys(inputs as object) };
          }
          if (type === "pulumi:index:Stash") {
            stashes[name] = (inputs as { input: unknown }).input;
          }
          const id = type === "pulumi:index:Stash" ? "0a1b2c3d-0000-4000-8000-000000000000" : name;
          return { id, state: { ...(inputs as object), digest: "", ref: "built" } };
        },
        call: ({ token, inputs }) => {
          calls.push({ token, inputs });
          return { password: `fresh-${calls.length}`, userName: "AWS" };
        },
      },
      "project",
      "stack",
    );
  });

  beforeEach(() => calls.splice(0));
  after(() => fs.rmSync(context, { recursive: true }));

  async function inputsOf(name: string, args: Partial<MultiPlatformImageArgs>): Promise<Inputs> {
    const image = new MultiPlatformImage(name, { context, push: false, builder: { name: "theirs" }, ...args });
    await new Promise((resolve) => image.image.urn.apply(resolve));
    return images[name];
  }

  it("supplies a tag of the content, and a credential", async () => {
    const { tags, registries, keys } = await inputsOf("supplied", { repository: { repositoryUrl: url } });
    assert.match(tags.join(), /^123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com\/team\/api:[0-9a-f]{16}-0a1b2c3d$/);
    assert.deepEqual(registries, [
      { address: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", username: "AWS", password: "fresh-1" },
    ]);
    assert.ok(!keys.includes("repository"));
  });

  it("asks for a token of the repository's own region and account, once", async () => {
    await inputsOf("asked", { repository: { repositoryUrl: pulumi.output(url), registryId: "123456789012" } });
    assert.deepEqual(calls, [
      {
        token: "aws:ecr/getAuthorizationToken:getAuthorizationToken",
        inputs: { region: "eu-west-1", registryId: "123456789012" },
      },
    ]);
  });

  it("keeps the password a secret, and not the tag, whatever it is made of", async () => {
    const image = new MultiPlatformImage("secret", {
      context,
      push: false,
      builder: { name: "theirs" },
      buildArgs: { PIN: pulumi.secret("1234") },
      repository: { repositoryUrl: url },
    });
    assert.ok(!(await pulumi.isSecret(image.image.tags)));
    assert.ok(await pulumi.isSecret(image.image.registries));
  });

  it("makes the tag of nothing that is a secret, however deep it lies", async () => {
    const tagOf = async (name: string, pin: pulumi.Input<string>, args: Partial<MultiPlatformImageArgs> = {}) =>
      (await inputsOf(name, { buildArgs: { PIN: pin }, repository: { repositoryUrl: url }, ...args })).tags.join();
    const open = await tagOf("pin", "1234");
    const tags = [
      await tagOf("pin-1", pulumi.secret("1234")),
      await tagOf("pin-2", pulumi.secret("1235")),
      await tagOf(
        "pin-3",
        pulumi.output("1235").apply((text) => pulumi.secret(text)),
      ),
    ];
    assert.deepEqual(new Set(tags).size, 1);
    assert.notEqual(tags[0], open);
    assert.notEqual(await tagOf("pin-4", pulumi.output("1235")), open);
    const cacheTo = (key: pulumi.Input<string>) => [{ s3: { bucket: "b", region: "r", secretAccessKey: key } }];
    const [one, other] = [
      await tagOf("key-1", "1", { platforms: ["linux/arm64"], cacheTo: cacheTo(pulumi.secret("1")) }),
      await tagOf("key-2", "1", { platforms: ["linux/arm64"], cacheTo: cacheTo(pulumi.secret("2")) }),
    ];
    assert.equal(one, other);
    // What remembers the generation knows all.
    const ofPins = Object.entries(stashes).filter(([name]) => /^pin-[12]-tag$/.test(name));
    assert.equal(new Set(ofPins.map(([, input]) => JSON.stringify(input))).size, 2);
  });

  it("leaves `tags` and `registries` as they are", async () => {
    const ghcr = { address: "ghcr.io", username: "u", password: "p" };
    const { tags, registries } = await inputsOf("kept", {
      tags: [`${url}:1.0`],
      registries: pulumi.output([ghcr]),
      repository: { repositoryUrl: url },
    });
    assert.deepEqual(tags, [`${url}:1.0`]);
    assert.deepEqual(
      registries.map(({ address }) => address),
      ["ghcr.io", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"],
    );
  });

  it("is a push without `tags`", async () => {
    const args = { push: true, repository: { repositoryUrl: url } };
    assert.equal((await inputsOf("pushed", args)).tags.length, 1);
  });

  for (const repository of [{ url }, null, "text"]) {
    it(`fails if it is ${JSON.stringify(repository)}`, () =>
      assert.throws(
        () =>
          new MultiPlatformImage("refused", {
            context,
            builder: { name: "theirs" },
            repository: repository as unknown as EcrRepository,
          }),
        (error) =>
          pulumi.ResourceError.isInstance(error) &&
          /`repository\.repositoryUrl` is missing: give an aws\.ecr\.Repository or/.test((error as Error).message),
      ));
  }

  for (const [address, region] of [
    [url, "eu-west-1"],
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/api", "cn-north-1"],
    ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/api", "us-gov-west-1"],
    ["123456789012.dkr-ecr.us-east-1.on.aws/api", "us-east-1"],
    ["123456789012.dkr-ecr-fips.us-east-1.on.aws/api", "us-east-1"],
    ["198.18.0.1:5000/api", undefined],
    ["public.ecr.aws/acme/api", undefined],
  ] as const) {
    it(`is in ${region ?? "the provider's region"}: ${address}`, () => assert.equal(ecrRegion(address), region));
  }

  describe("of another registry", () => {
    const { AWS_ENDPOINT_URL: endpoint } = process.env;
    before(() => delete process.env.AWS_ENDPOINT_URL);
    after(() => (endpoint === undefined ? undefined : (process.env.AWS_ENDPOINT_URL = endpoint)));

    for (const [address, fix] of [
      ["europe-west1-docker.pkg.dev/acme/app/server", 'address: "europe-west1-docker.pkg.dev", username, password }]`'],
      ["ghcr.io/acme/api", '`tags: ["ghcr.io/acme/api:TAG"]` and `registries: [{ address: "ghcr.io", username,'],
      ["acme.azurecr.io/api", '`tags: ["acme.azurecr.io/api:TAG"]`'],
      ["public.ecr.aws/acme/api", "password of aws.ecrpublic.getAuthorizationToken"],
      ["mirror.example/123456789012.dkr.ecr.us-east-1.amazonaws.com/api", "is a private one in Amazon ECR"],
    ]) {
      it(`is refused, with what to write in its place: ${address}`, () => {
        const declare = () =>
          new MultiPlatformImage("api", {
            context,
            repository: { repositoryUrl: address },
            builder: { name: "theirs" },
          });
        assert.throws(declare, (error: Error) => {
          assert.ok(pulumi.ResourceError.isInstance(error));
          assert.ok(error.message.startsWith(`MultiPlatformImage api: \`repository.repositoryUrl\` is "${address}": `));
          assert.ok(error.message.includes(fix), error.message);
          return true;
        });
      });
    }

    for (const address of [
      url,
      "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov/api",
      "localhost:4510/api",
      "000000000000.dkr.ecr.us-east-1.localhost.localstack.cloud:4566/api",
    ]) {
      it(`is none: ${address}`, () => checkEcrName("MultiPlatformImage api", address));
    }

    it("is taken where AWS is asked at an address of one's own, as a stand-in of AWS has names of its own", () => {
      process.env.AWS_ENDPOINT_URL = "http://192.0.2.1:5000";
      checkEcrName("MultiPlatformImage api", "192.0.2.1:5001/api");
      delete process.env.AWS_ENDPOINT_URL;
    });
  });
});
