import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

/** A user of no name, as containers have them. */
const user = 12_345;
const other = 12_346;
const run = promisify(execFile);
const keptTypeScript = path.resolve(__dirname, "../../main/keptTypeScript.js");

interface Outcome {
  done?: string[];
  name?: string;
  message?: string;
}

describe("an odd machine", function () {
  this.timeout(60_000);
  let root: string;

  before(function () {
    if (process.getuid?.() !== 0 || process.platform !== "linux") {
      process.stdout.write("skipped: needs root on Linux, to be other users\n");
      this.skip();
    }
  });
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "o-"));
    fs.chmodSync(root, 0o755);
    for (const folder of ["h", "tmp", "project", "project/app"]) {
      fs.mkdirSync(path.join(root, folder));
      fs.chownSync(path.join(root, folder), user, user);
    }
    fs.chmodSync(path.join(root, "tmp"), 0o1777);
    fs.writeFileSync(path.join(root, "project/app/private"), "secret", { mode: 0o600 });
    fs.chownSync(path.join(root, "project/app/private"), user, user);
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  const at = (...names: string[]) => path.join(root, ...names);

  async function up(
    environment: NodeJS.ProcessEnv = {},
    umask = 0o022,
    /** What its command line is put behind. */
    enter: readonly string[] = [],
  ): Promise<Outcome> {
    const settings = JSON.stringify({ user, umask, directory: at("project") });
    const program = ["-r", keptTypeScript, path.join(__dirname, "oddMachine.ts"), settings];
    // Of the loader, not of ours.
    const loader = { DISABLE_V8_COMPILE_CACHE: "1", TEST_KEPT_TYPESCRIPT: process.env.TEST_KEPT_TYPESCRIPT };
    const env = { ...loader, PATH: process.env.PATH, HOME: at("h"), TMPDIR: at("tmp"), ...environment };
    const [command, ...words] = [...enter, process.execPath, ...program];
    return JSON.parse((await run(command, words, { env })).stdout) as Outcome;
  }

  const socket = (folder: string) => new RegExp(`^unix://${at(folder)}/mpi-${user}/[0-9a-f]{8}/arm64\\.sock$`);

  function assertBuilds({ done, message }: Outcome, sockets = "tmp"): void {
    assert.ok(done, message);
    const [file, endpoint, registered, , platforms] = done;
    assert.deepEqual([file, registered, platforms], ["secret", "farm-1a2b3c4d", "linux/arm64"]);
    assert.match(endpoint, socket(sockets));
    // Those that come after it are made in need alone.
    assert.equal(fs.existsSync(at(`h/.cache/multi-platform-image/mpi-${user}`)), sockets.startsWith("h/"));
  }

  const openToOthers = (folder: string): string[] => {
    const seen = (name: string, mode: number) => (mode & 0o077 ? [`${name} ${(mode & 0o777).toString(8)}`] : []);
    return fs.readdirSync(folder).flatMap((name) => seen(name, fs.lstatSync(path.join(folder, name)).mode));
  };

  for (const umask of [0o000, 0o077]) {
    it(`builds for a user without a name, with umask ${umask.toString(8)}, and is closed to all others`, async () => {
      assertBuilds(await up({}, umask));
      assert.deepEqual(openToOthers(at("tmp")), []);
      assert.deepEqual(openToOthers(at("h/.cache")), []);
      assert.deepEqual(openToOthers(at("h/.docker")), []);
      assert.equal(fs.statSync(at("project/.multi-platform-image")).mode & 0o777, 0o700);
      assert.ok(
        !fs.readdirSync(at("project/.multi-platform-image/contexts"), { recursive: true }).join().includes("private"),
      );
    });
  }

  it("builds where the cache is another user's", async () => {
    fs.mkdirSync(at("h/.cache/multi-platform-image/manifests"), { recursive: true, mode: 0o700 });
    assertBuilds(await up());
    assert.deepEqual(fs.readdirSync(at("h/.cache/multi-platform-image/manifests")), []);
  });

  for (const [title, squat] of [
    [
      "another user's folder",
      () => (fs.mkdirSync(at(`tmp/mpi-${user}`)), fs.chownSync(at(`tmp/mpi-${user}`), other, other)),
    ],
    ["a file", () => fs.writeFileSync(at(`tmp/mpi-${user}`), "")],
    ["a link to a folder of its own", () => fs.symlinkSync(at("h"), at(`tmp/mpi-${user}`))],
    ["a folder that others may write to", () => fs.mkdirSync(at(`tmp/mpi-${user}`), { mode: 0o777 })],
  ] as const) {
    it(`builds where ${title} has taken the place for sockets`, async () => {
      squat();
      assertBuilds(await up(), "h/.cache/multi-platform-image");
    });
  }

  it("builds with sockets in the user's own folder for them, where the first place is taken", async () => {
    fs.writeFileSync(at(`tmp/mpi-${user}`), "");
    fs.mkdirSync(at("run"), { mode: 0o700 });
    fs.chownSync(at("run"), user, user);
    assertBuilds(await up({ XDG_RUNTIME_DIR: at("run") }), "run");
  });

  it("says in one sentence that there is no place for sockets", async () => {
    fs.writeFileSync(at(`tmp/mpi-${user}`), "");
    const { name, message } = await up({ MULTI_PLATFORM_IMAGE_CACHE: "/dev/null" });
    assert.equal(name, "BuildError");
    assert.match(
      message ?? "",
      /^sockets of build nodes need a folder of this user alone .* Fix: remove one of them, or set TMPDIR/,
    );
  });

  it("says in one sentence that HOME is not this user's to write to, and builds with a place for buildx's store", async () => {
    fs.chownSync(at("h"), other, other);
    const { name, message } = await up();
    assert.equal(name, "BuildError");
    assert.match(
      message ?? "",
      /^builder farm-1a2b3c4d can't be registered in buildx's store, \S+\/h\/\.docker\/buildx: EACCES.*Fix: .*BUILDX_CONFIG/,
    );
    assertBuilds(await up({ BUILDX_CONFIG: at("tmp/buildx") }));
  });

  /** Folders that a user's settings lead to, in a place where others can make them, too. */
  const squats: [title: string, squat: (folder: string) => void, problem: RegExp][] = [
    [
      "another user has made",
      (folder) => (fs.mkdirSync(folder), fs.chownSync(folder, other, other), fs.chmodSync(folder, 0o777)),
      /is another user's \(number 12346\)/,
    ],
    [
      "another user has made a link",
      (folder) => (fs.symlinkSync(at("h"), folder), fs.lchownSync(folder, other, other)),
      /is another user's \(number 12346\)/,
    ],
    [
      "all may write to",
      (folder) => (fs.mkdirSync(folder), fs.chownSync(folder, user, user), fs.chmodSync(folder, 0o777)),
      /may be written to by all users \(mode 777\)/,
    ],
  ];
  for (const [title, squat, problem] of squats) {
    it(`says in one sentence that buildx's store is one that ${title}, and puts nothing there`, async () => {
      squat(at("tmp/store"));
      const { name, message } = await up({ BUILDX_CONFIG: at("tmp/store") });
      assert.equal(name, "BuildError");
      assert.match(message ?? "", problem);
      assert.match(
        message ?? "",
        /^\S+tmp\/store .*nothing is kept there\. Fix: remove it, or set BUILDX_CONFIG to a folder/,
      );
      assert.ok(!fs.existsSync(at("tmp/store/instances")));
    });

    it(`builds with a cache that ${title}, and neither keeps nor removes anything there`, async () => {
      fs.mkdirSync(at("h/manifests"));
      fs.writeFileSync(at("h/manifests/of-the-user"), "");
      fs.utimesSync(at("h/manifests/of-the-user"), 0, 0);
      squat(at("tmp/cache"));
      const { done, message } = await up({ MULTI_PLATFORM_IMAGE_CACHE: at("tmp/cache") });
      assert.equal(done?.at(-1), "linux/arm64", message);
      assert.deepEqual(fs.readdirSync(at("h/manifests")), ["of-the-user"]);
      assert.ok(!fs.existsSync(at("tmp/cache/manifests")) || fs.lstatSync(at("tmp/cache")).isSymbolicLink());
    });
  }
  it("says in one sentence that Docker's folder is on a read-only mount, and builds with a place for buildx's store", async () => {
    fs.mkdirSync(at("docker"));
    fs.chownSync(at("docker"), user, user);
    const mounted = `mount --bind ${at("docker")} ${at("docker")} && mount -o remount,ro,bind ${at("docker")} && exec "$@"`;
    const enter = ["unshare", "--mount", "sh", "-c", mounted, "sh"];
    const environment = { DOCKER_CONFIG: at("docker") };
    const { name, message } = await up(environment, 0o022, enter);
    assert.equal(name, "BuildError");
    assert.match(
      message ?? "",
      new RegExp(
        `^builder farm-1a2b3c4d can't be registered in buildx's store, ${at("docker")}/buildx: EROFS: read-only file system, .* Fix: .*BUILDX_CONFIG`,
      ),
    );
    assertBuilds(await up({ ...environment, BUILDX_CONFIG: at("tmp/buildx") }, 0o022, enter));
  });

  it("builds with sockets elsewhere where TMPDIR is too long for their paths", async () => {
    const long = at("tmp", "t".repeat(70));
    fs.mkdirSync(long);
    fs.chownSync(long, user, user);
    fs.mkdirSync(at("run"), { mode: 0o700 });
    fs.chownSync(at("run"), user, user);
    assertBuilds(await up({ TMPDIR: long, XDG_RUNTIME_DIR: at("run") }), "run");
    assertBuilds(await up({ TMPDIR: long }), "h/.cache/multi-platform-image");
  });

  it("builds with a cache below HOME where XDG_CACHE_HOME is empty, or leads into the project", async () => {
    for (const XDG_CACHE_HOME of ["", "cache"]) {
      assertBuilds(await up({ XDG_CACHE_HOME }));
      assert.deepEqual(fs.readdirSync(at("project")).sort(), [".multi-platform-image", "app"]);
      assert.ok(fs.existsSync(at("h/.cache/multi-platform-image/manifests")));
    }
  });

  it("says in one sentence that HOME is not known", async () => {
    const { name, message } = await up({ HOME: undefined });
    assert.equal(name, "BuildError");
    assert.match(message ?? "", /^this user \(number 12345\) has no home folder: set HOME/);
  });

  it("says in one sentence that the copy of a context can't be made", async () => {
    fs.mkdirSync(at("project/.multi-platform-image"), { mode: 0o755 });
    const { name, message } = await up();
    assert.equal(name, "BuildError");
    assert.match(
      message ?? "",
      /^no copy of the context can be made: E.* Fix: let this user write to the project's folder/,
    );
  });
});
