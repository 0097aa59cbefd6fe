import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { hashContext } from "../../../../components/context/hash";
import { hashImage } from "../../../../components/image/repository/tag";

type Args = Parameters<typeof hashImage>[0];

describe("the hash of an image", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-hash-"));
  const app = path.join(root, "app");
  const shared = path.join(root, "shared");

  function write(file: string, text = "", mode = 0o644): void {
    const full = path.join(root, file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, text);
    fs.chmodSync(full, mode);
  }

  const hash = (dockerfile: string | undefined = path.join(app, "Dockerfile")) =>
    hashContext({ context: app, dockerfile, named: { shared } });

  /** Whether the hash is another one after the change. */
  async function changes(change: () => void, dockerfile?: string): Promise<boolean> {
    const before = await hash(dockerfile);
    change();
    return (await hash(dockerfile)) !== before;
  }

  beforeEach(() => {
    fs.rmSync(root, { recursive: true, force: true });
    write("app/Dockerfile", "FROM scratch");
    write("app/src/main.ts", "main");
    write("app/src/other.ts", "other");
    write("app/.dockerignore", "ignored\n**/*.log\n!keep.log\n");
    write("shared/library.ts", "library");
  });
  after(() => fs.rmSync(root, { recursive: true }));

  it("is the same for the same files elsewhere, whatever their times and order", async () => {
    const copy = path.join(root, "elsewhere");
    fs.mkdirSync(copy);
    for (const file of ["src/other.ts", "src/main.ts", ".dockerignore", "Dockerfile"]) {
      fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
      fs.copyFileSync(path.join(app, file), path.join(copy, file));
      fs.utimesSync(path.join(copy, file), 1, 1);
    }
    const locations = (context: string) => ({ context, dockerfile: path.join(context, "Dockerfile"), named: {} });
    assert.equal(await hashContext(locations(copy)), await hashContext(locations(app)));
  });

  for (const [title, change] of [
    ["a file's content", () => write("app/src/main.ts", "changed")],
    ["a file's name", () => fs.renameSync(path.join(app, "src/main.ts"), path.join(app, "src/renamed.ts"))],
    ["a file's mode", () => fs.chmodSync(path.join(app, "src/main.ts"), 0o755)],
    ["a new file", () => write("app/new")],
    ["the end of a name moved to its content", () => (write("app/ab", "c"), write("app/a", "bc"))],
    ["a large file's content", () => write("app/large", "x".repeat(3 << 20))],
    ["the Dockerfile", () => write("app/Dockerfile", "FROM scratch\n")],
    ["a file that an exception keeps", () => write("app/keep.log", "1")],
    ["a new symbolic link", () => fs.symlinkSync("src/main.ts", path.join(app, "link"))],
    ["a new broken link", () => fs.symlinkSync("nowhere", path.join(app, "link"))],
    ["a file of a named context", () => write("shared/library.ts", "changed")],
    ["a file of a named context that only the root's patterns hide", () => write("shared/build.log", "1")],
  ] as const) {
    it(`changes with ${title}`, async () => assert.ok(await changes(change)));
  }

  for (const [title, change] of [
    ["a file that is ignored", () => write("app/ignored/deep/file", "1")],
    ["a file that a wildcard ignores", () => write("app/src/deep/build.log", "1")],
    ["an empty folder", () => fs.mkdirSync(path.join(app, "empty"))],
    ["a file's time", () => fs.utimesSync(path.join(app, "src/main.ts"), 1, 1)],
    [
      "a file of a named context that both lists of patterns hide",
      () => (write("shared/.dockerignore", "*.log"), undefined),
    ],
  ] as const) {
    it(`does not change with ${title}`, async () => {
      if (title.includes("both lists")) {
        change();
        assert.ok(!(await changes(() => write("shared/build.log", "1"))));
      } else {
        assert.ok(!(await changes(change)));
      }
    });
  }

  it("follows a link to a file, as docker-build does", async () => {
    write("outside", "1");
    fs.symlinkSync("../outside", path.join(app, "link"));
    fs.symlinkSync("..", path.join(app, "loop"));
    assert.ok(await changes(() => write("outside", "2")));
  });

  it("takes a Dockerfile's own patterns before those of the context", async () => {
    write("app/Dockerfile.dockerignore", "src");
    assert.ok(!(await changes(() => write("app/src/main.ts", "changed"))));
    assert.ok(await changes(() => write("app/ignored", "1")));
  });

  it("hashes a Dockerfile that is ignored or outside of the context", async () => {
    write("app/.dockerignore", "Dockerfile\n.dockerignore");
    assert.ok(await changes(() => write("app/Dockerfile", "FROM other")));
    write("outside.Dockerfile", "FROM scratch");
    const outside = path.join(root, "outside.Dockerfile");
    assert.ok(await changes(() => write("outside.Dockerfile", "FROM other"), outside));
  });

  it("takes a staged copy by its location, and by the files outside of it that its links lead to", async () => {
    const cwd = process.cwd();
    process.chdir(root);
    try {
      const context = `.multi-platform-image/contexts/${"0".repeat(32)}/app`;
      write(`${context}/file`, "1");
      write("machine", "1");
      fs.symlinkSync(path.join(root, "machine"), path.join(context, "link"));
      const staged = () => hashContext({ context, dockerfile: undefined, named: {} });
      const before = await staged();
      write(`${context}/file`, "2");
      assert.equal(await staged(), before);
      write("machine", "2");
      assert.notEqual(await staged(), before);
    } finally {
      process.chdir(cwd);
    }
  });

  it("takes an URL by its name, and fetches nothing", async () => {
    const context = "https://github.com/acme/api.git#main";
    const locations = { context, dockerfile: `${context}/Dockerfile`, named: { base: "docker-image://debian:13" } };
    assert.match(await hashContext(locations), /^[0-9a-f]{64}$/);
  });

  describe("and its arguments", () => {
    const base = (): Args => ({ push: true, context: { location: app }, platforms: ["linux/arm64"] });
    const hashOf = async (args: Partial<Args>) => hashImage({ ...base(), ...args });

    for (const args of [
      { addHosts: ["a:1.2.3.4"] },
      { buildArgs: { VERSION: "1" } },
      { builder: { name: "b" } },
      { cacheFrom: [{ inline: {} }] },
      { context: { location: app, named: { base: { location: "docker-image://debian:13" } } } },
      { dockerfile: { inline: "FROM scratch" } },
      { exports: [{ cacheonly: {} }] },
      { labels: { a: "b" } },
      { network: "none" },
      { noCache: true },
      { platforms: ["linux/amd64"] },
      { registries: [{ address: "ghcr.io", username: "u", password: "p" }] },
      { secrets: { token: "1" } },
      { ssh: [{ id: "default" }] },
      { target: "production" },
    ] as Partial<Args>[]) {
      it(`changes with ${JSON.stringify(args).replaceAll(root, "")}`, async () =>
        assert.notEqual((await hashOf(args)).hash, (await hashOf({})).hash));
    }

    it("does not change with the order of keys, and with an argument that is undefined", async () => {
      const one = await hashOf({ buildArgs: { a: "1", b: "2" } });
      assert.deepEqual(await hashOf({ buildArgs: { b: "2", a: "1" }, target: undefined }), one);
    });

    it("has no password of a registry in it", async () => {
      const registries = (password: string) => ({ registries: [{ address: "ghcr.io", username: "u", password }] });
      assert.deepEqual(await hashOf(registries("1")), await hashOf(registries("2")));
    });

    it("tells secrets apart only in the part that is a secret itself", async () => {
      const [one, other] = [await hashOf({ secrets: { pin: "1234" } }), await hashOf({ secrets: { pin: "1235" } })];
      assert.equal(one.hash, other.hash);
      assert.notEqual(one.withSecrets, other.withSecrets);
      const ignoring = (pin: string) => hashOf({ secrets: { pin }, ignoreSecretsInDiffCalculation: ["pin"] });
      assert.deepEqual(await ignoring("1234"), await ignoring("1235"));
    });

    it("tells other values that are secrets apart only there, too", async () => {
      const of = (pin: string) => hashImage({ ...base(), buildArgs: { pin } }, { ...base(), buildArgs: { pin: "-" } });
      const [one, other] = [await of("1234"), await of("1235")];
      assert.equal(one.hash, other.hash);
      assert.notEqual(one.withSecrets, other.withSecrets);
    });

    it("changes each time with `pull`, because docker-build builds each time", async () => {
      const one = await hashOf({ pull: true });
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.notEqual((await hashOf({ pull: true })).hash, one.hash);
    });
  });
});
