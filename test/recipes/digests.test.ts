import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { execute, skipWithout } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { pullFiles, trusting } from "../main/image";
import { type Spec, type Stack, type StackOptions, temporaryDirectory } from "../main/stack";
import { nightly } from "../tier";
import { checkOut, createSource, git, link, type Source, write } from "./checkouts";
import { allOf, type Checkout, checkoutsOfTheSame } from "./sameContent";

const dockerfile = "FROM scratch\nARG VERSION\nCOPY . /app/\nCOPY --from=lib . /lib/\n";
const files = {
  "app/Dockerfile": dockerfile,
  "app/.dockerignore": "*.log\nignored\n!kept.log\n",
  "app/main.txt": "main\n",
  "app/run.sh": "#!/bin/sh\n",
  "app/src/one.txt": "one\n",
  "app/src/two.txt": "two\n",
  "app/ignored/file.txt": "not sent\n",
  "app/kept.log": "kept\n",
  "lib/library.txt": "library\n",
  "lib/trace.log": "the root's .dockerignore has *.log\n",
};

describe("digests that do not move", function () {
  this.timeout(600_000);
  let machines: Machines;
  let source: Source;
  let base: StackOptions;
  let first: Stack;
  let built: string;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    source = await createSource(files);
    fs.symlinkSync("src/one.txt", path.join(source.folder, "app/link"));
    await source.commit("first");
    base = {
      project: "digests",
      backend: temporaryDirectory("state"),
      home: temporaryDirectory("home"),
      environment: trusting(machines.registry),
    };
    first = await checkOut(source, spec(), base);
    const { code, output } = await first.up();
    assert.equal(code, 0, output);
    built = (await first.outputs<{ app: { ref: string } }>()).app.ref;
  });

  function spec(image: Record<string, unknown> = {}): Spec {
    const app = {
      context: { location: "./app", named: { lib: { location: "./lib" } } },
      tags: [`${machines.registry.host}/digests:1`],
      platforms: ["linux/amd64"],
      buildArgs: { VERSION: "1" },
      ...image,
    };
    return { builder: { nodes: [machines.amd64.remoteNode()] }, images: { app } };
  }

  async function assertUnchanged(stack: Stack, ...extra: string[]): Promise<void> {
    const { code, output } = await stack.preview("--expect-no-changes", ...extra);
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /would be built/);
  }

  describe("the same content is no change", () => {
    it("in the same checkout once more", () => assertUnchanged(first));

    const differences = checkoutsOfTheSame(() => ({ environment: base.environment, spec }));

    async function assertNothingIn(all: readonly Checkout[]): Promise<void> {
      const { change, ...options } = allOf(all);
      const stack = await checkOut(source, spec(), { ...base, ...options });
      await change(stack);
      await assertUnchanged(stack);
    }

    it("in a clone that differs in all that others may differ in", () =>
      assertNothingIn(Object.values(differences).map((differ) => differ())));

    // Which of them it is, should the one before fail.
    for (const [title, differ] of Object.entries(differences)) {
      nightly.it(title, () => assertNothingIn([differ()]));
    }

    it("after updates of two stacks at once from one checkout", async () => {
      const other = await checkOut(source, spec(), { ...base, stack: "other" });
      const both = await Promise.all([other.up(), first.up("--expect-no-changes")]);
      assert.deepEqual(
        both.map(({ code }) => code),
        [0, 0],
        both.map(({ output }) => output).join("\n"),
      );
      await assertUnchanged(first);
      await assertUnchanged(other);
    });

    it("and no file of the user's has another mode or content", async () => {
      const stack = await checkOut(source, spec(), { ...base, umask: "077" });
      await assertUnchanged(stack);
      const { mode } = fs.statSync(path.join(stack.directory, "app/main.txt"));
      assert.equal(mode & 0o777, 0o600);
      assert.equal(
        await execute(["git", "-C", stack.directory, "status", "--porcelain", "app", "lib", ".multi-platform-image"]),
        "",
      );
    });
  });

  describe("a change of the content is built, and the log says why", () => {
    let stack: Stack;
    let output: string;

    /** Each edit has an image and folders of its own, so that one preview shows them all. */
    const edits: Record<string, [edit: (folder: string) => unknown, said: string]> = {
      "a file's content": [(folder) => write(folder, "app/src/one.txt", "1"), "context: changed src/one.txt"],
      "content edited in place": [
        (folder) => fs.appendFileSync(path.join(folder, "app/main.txt"), "more"),
        "context: changed main.txt",
      ],
      "a new file": [(folder) => write(folder, "app/src/three.txt", "3"), "context: added src/three.txt"],
      "a removed file": [(folder) => fs.rmSync(path.join(folder, "app/src/two.txt")), "context: removed src/two.txt"],
      "a renamed file": [
        (folder) => fs.renameSync(path.join(folder, "app/src/two.txt"), path.join(folder, "app/src/2.txt")),
        "context: added src/2.txt; removed src/two.txt",
      ],
      "a file made executable": [
        (folder) => fs.chmodSync(path.join(folder, "app/main.txt"), 0o755),
        "context: changed main.txt (now executable)",
      ],
      "the Dockerfile": [
        (folder) => write(folder, "app/Dockerfile", `${dockerfile}LABEL a=b\n`),
        "context: changed Dockerfile",
      ],
      "the Dockerfile, where it is not sent": [
        (folder) => write(folder, "other/Dockerfile", `${dockerfile}LABEL a=b\n`),
        "the arguments are those of the last build, so the Dockerfile's text has changed",
      ],
      "a build argument": [() => undefined, "other `buildArgs.VERSION`"],
      "a file of a named context": [
        (folder) => write(folder, "lib/library.txt", "changed"),
        "named context lib: changed library.txt",
      ],
      "a file of a named context that the root's .dockerignore matches": [
        (folder) => write(folder, "lib/trace.log", "changed"),
        "named context lib: changed trace.log",
      ],
      "a .dockerignore that leaves one file less out": [
        (folder) => write(folder, "app/.dockerignore", "*.log\n!kept.log\n"),
        "context: changed .dockerignore; added ignored/file.txt",
      ],
      "a link that leads elsewhere": [(folder) => link(folder, "src/two.txt"), "context: changed link"],
      "a link that leads to the same content": [(folder) => link(folder, "./src/one.txt"), "context: changed link"],
    };
    const titles = Object.keys(edits);
    const imageName = (title: string) => `image${titles.indexOf(title)}`;

    before(async () => {
      const many = await createSource(
        Object.fromEntries(
          titles.flatMap((title) =>
            Object.entries({ ...files, "other/Dockerfile": dockerfile }).map(([file, content]) => [
              `${imageName(title)}/${file}`,
              content,
            ]),
          ),
        ),
      );
      titles.forEach((title) => link(path.join(many.folder, imageName(title)), "src/one.txt"));
      await many.commit("first");
      const options = { ...base, project: "edits", backend: temporaryDirectory("state") };
      stack = await checkOut(many, manySpec("1"), options);
      const up = await stack.up();
      assert.equal(up.code, 0, up.output);
      titles.forEach((title) => edits[title][0](path.join(stack.directory, imageName(title))));
      stack.declare(manySpec("2"));
      const preview = await stack.preview();
      assert.equal(preview.code, 0, preview.output);
      output = preview.output;
    });

    function manySpec(version: string): Spec {
      const images = titles.map((title) => {
        const name = imageName(title);
        const image = {
          context: { location: `./${name}/app`, named: { lib: { location: `./${name}/lib` } } },
          tags: [`${machines.registry.host}/${name}:1`],
          platforms: ["linux/amd64"],
          buildArgs: { VERSION: title === "a build argument" ? version : "1" },
          ...(title.endsWith("not sent") && { dockerfile: { location: `./${name}/other/Dockerfile` } }),
        };
        return [name, image];
      });
      const [node] = [machines.amd64.remoteNode()];
      return { builder: { nodes: [node] }, images: Object.fromEntries(images) as Spec["images"], outputs: ["ref"] };
    }

    for (const [title, [, said]] of Object.entries(edits)) {
      it(title, () => assert.ok(output.includes(`image ${imageName(title)} would be built: ${said}`), output));
    }

    it("each once, and nothing else", () => assert.match(output, new RegExp(`~ ${titles.length} to update`)));

    it("and taken back, it is none", async () => {
      await git(stack.directory, "clean", "--force", "-dx", "--quiet", ...titles.map(imageName));
      await git(stack.directory, "checkout", "--quiet", "--force", "HEAD");
      stack.declare(manySpec("1"));
      await assertUnchanged(stack);
    });
  });

  describe("what is built", () => {
    it("has the change in it, with Git's modes, and said where the last build was another machine's", async () => {
      const stack = await checkOut(source, spec(), { ...base, umask: "077", home: temporaryDirectory("home") });
      stack.write("lib/trace.log", "changed for good\n");
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      assert.match(output, /building image app: named context lib: its files have changed \(which ones is known where/);
      const { app } = await stack.outputs<{ app: { ref: string } }>();
      assert.notEqual(app.ref, built);
      const image = await pullFiles(machines.registry, app.ref.replace(":1@", "@"));
      assert.equal(fs.readFileSync(path.join(image, "lib/trace.log"), "utf8"), "changed for good\n");
      assert.ok(!fs.existsSync(path.join(image, "app/ignored")));
      assert.deepEqual(
        ["app/main.txt", "app/run.sh", "app/src"].map((name) => fs.statSync(path.join(image, name)).mode & 0o777),
        [0o644, 0o755, 0o755],
      );
      assert.equal(fs.readlinkSync(path.join(image, "app/link")), "src/one.txt");
    });

    it("of a context that is the project's own folder has not the copies in it", async () => {
      const image = { context: ".", dockerfile: { inline: "FROM scratch\nCOPY . /\n" } };
      const options = { ...base, project: "whole", backend: temporaryDirectory("state") };
      const stack = await checkOut(source, spec(image), options);
      stack.write(".dockerignore", "node_modules\n.git\n");
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      const { app } = await stack.outputs<{ app: { ref: string } }>();
      const pulled = fs.readdirSync(await pullFiles(machines.registry, app.ref.replace(":1@", "@")));
      assert.ok(pulled.includes("lib") && !pulled.includes(".multi-platform-image"), pulled.join());
      await assertUnchanged(stack);
    });
  });
});
