import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { checkContexts } from "../../../components/image/context/checkContext";
import { readRootIgnored } from "../../../components/context/files";
import { followDockerfile } from "../../../components/context/locations";
import { stageContext } from "../../../components/context/stage";

const owner = "MultiPlatformImage api";

describe("contexts and Dockerfiles", () => {
  const cwd = process.cwd();
  let root: string;

  beforeEach(() => {
    root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "mpi-locations-")));
    fs.mkdirSync(path.join(root, "app/docker"), { recursive: true });
    fs.mkdirSync(path.join(root, "shared"));
    process.chdir(root);
    fs.writeFileSync("app/Dockerfile", "FROM scratch\n");
    fs.writeFileSync("shared/Dockerfile", "FROM scratch\n");
  });
  afterEach(() => {
    process.chdir(cwd);
    fs.rmSync(root, { recursive: true });
  });

  describe("are looked for before the first resource:", () => {
    type Given = [context: string, dockerfile?: { location?: string; inline?: string }, named?: Record<string, string>];
    const check = ([location, dockerfile, named = {}]: Given) => {
      const contexts = Object.entries(named).map(([name, each]) => [name, { location: each }]);
      checkContexts(owner, { location, named: Object.fromEntries(contexts) as never }, dockerfile);
    };

    for (const [title, given, told] of [
      ["a context", ["./nope"], /`context` is "\.\/nope": there is no folder \//],
      ["a Dockerfile", ["shared/nope"], /`context` is/],
      [
        "a Dockerfile of another name",
        ["app", { location: "x" }],
        /`dockerfile\.location` is "x": there is no file .*x;/,
      ],
      [
        "a named context",
        ["app", undefined, { shared: "./nope" }],
        /`context\.named\.shared\.location` is "\.\/nope": there is no folder .*; correct the path, or give an URL/,
      ],
      [
        "a named context that is a file",
        ["app", undefined, { shared: "./app/Dockerfile" }],
        /`context\.named\.shared\.location`/,
      ],
      [
        "a Dockerfile in a Git repository, which docker-build wants here, too",
        ["https://example.com/x.git#main", { location: "docker/Dockerfile" }],
        /`dockerfile\.location` is "docker\/Dockerfile": .* docker-build reads that one, too, although BuildKit takes the one in the URL; name the Dockerfile's folder in the URL/,
      ],
    ] as [string, Given, RegExp][]) {
      it(title, () => assert.throws(() => check(given), { name: "BuildError", message: told }));
    }

    it("not what is elsewhere, or not known yet", () => {
      check(["app"]);
      check(["https://example.com/x.git#main"]);
      check(["alice@git.example.com:repo.git"]);
      check(["https://example.com/x.git#main", { location: "app/Dockerfile" }]);
      check(["https://example.com/x.git#main", { inline: "FROM scratch" }]);
      check([
        "app",
        undefined,
        { a: "docker-image://debian", b: "target:base", c: "oci-layout://x", d: "git://h/x", e: "./shared" },
      ]);
      checkContexts(
        owner,
        { location: pulumi.output("nope"), named: { x: { location: pulumi.output("nope") } } },
        undefined,
      );
    });
  });

  describe("with links:", () => {
    const dockerfile = (location?: string) =>
      followDockerfile({ context: { location: "app" }, dockerfile: location === undefined ? undefined : { location } })
        .dockerfile;

    it("a Dockerfile that is one out of its folder is the file that it leads to", () => {
      fs.symlinkSync("../../shared/Dockerfile", "app/docker/Dockerfile");
      assert.deepEqual(dockerfile("app/docker/Dockerfile"), { location: "shared/Dockerfile" });
      fs.rmSync("app/Dockerfile");
      fs.symlinkSync("../shared/Dockerfile", "app/Dockerfile");
      assert.deepEqual(dockerfile(), { location: "shared/Dockerfile" });
    });

    it("one that stays in its folder stays, and so does one that is none", () => {
      assert.equal(dockerfile(), undefined);
      fs.symlinkSync("Dockerfile", "app/Other");
      assert.deepEqual(dockerfile("app/Other"), { location: "app/Other" });
      fs.symlinkSync("app", "link");
      assert.deepEqual(dockerfile("link/Dockerfile"), { location: "link/Dockerfile" });
      assert.deepEqual(dockerfile("nope"), { location: "nope" });
    });
  });

  describe("with files that docker-build or BuildKit can't take:", () => {
    const stage = () => stageContext("app", readRootIgnored("app"), "app");

    it("a name that is no UTF-8 is told, unless it is left out", async () => {
      const name = Buffer.concat([Buffer.from("app/caf"), Buffer.from([0xe9]), Buffer.from(".txt")]);
      fs.writeFileSync(name, "");
      await assert.rejects(stage(), {
        name: "BuildError",
        message:
          "the name of app/caf\uFFFD.txt is no UTF-8, and BuildKit can't be sent it: rename it, or leave it out (.dockerignore)",
      });
      fs.writeFileSync("app/.dockerignore", "*.txt\n");
      await stage();
      fs.rmSync(name);
      fs.writeFileSync("app/.dockerignore", "");
      fs.writeFileSync("app/real \uFFFD", "this character itself");
      await stage();
    });

    it("a link to itself is told, unless it is left out; one to nothing is none", async () => {
      fs.symlinkSync("nothing", "app/broken");
      await stage();
      fs.symlinkSync("itself", "app/itself");
      await assert.rejects(stage(), {
        name: "BuildError",
        message:
          "app/itself is a link that leads to itself, which docker-build can't read: remove it, or leave it out (.dockerignore)",
      });
      fs.writeFileSync("app/.dockerignore", "itself\n");
      await stage();
    });
  });
});
