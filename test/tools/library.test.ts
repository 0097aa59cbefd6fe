import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { libraryEnvironment } from "../../tools/offline/library";
import type { CLibrary } from "../../tools/recipe";

/** No machine has this header, so that what is found comes from the commands below. */
const MADE_UP: CLibrary = {
  pkgConfig: "libgreet",
  header: "made-up-greet.h",
  link: "greet",
  debianPackage: "libgreet-dev",
};

const UNPACKS = 'PATH=/usr/bin:/bin; mkdir -p "$3/usr/lib/any"; : > "$3/usr/lib/any/libgreet.a"';

describe("libraries that a Go module is linked against", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "library-test-"));
  });

  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  /** Looks with only these commands on PATH; each is the text of a shell script. */
  async function look(commands: Record<string, string>, env: NodeJS.ProcessEnv = {}, library = MADE_UP) {
    const bin = path.join(folder, "bin");
    await fs.mkdir(bin);
    for (const [name, text] of Object.entries(commands)) {
      await fs.writeFile(path.join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    const search = { folder: path.join(folder, "library"), env: { PATH: bin, ...env }, log: () => undefined };
    return libraryEnvironment("greeter", library, search);
  }

  it("leaves it to pkg-config where that knows the library", async () => {
    assert.deepEqual(await look({ "pkg-config": '[ "$*" = "--exists libgreet" ]' }), {});
  });

  it("takes the system's header and library where pkg-config is missing", async function () {
    const header = (await fs.readdir("/usr/include").catch(() => [])).find((name) => name.endsWith(".h"));
    if (!header) {
      process.stdout.write("skipped: no header is below /usr/include\n");
      this.skip();
    }
    assert.deepEqual(await look({}, {}, { ...MADE_UP, header }), {
      PKG_CONFIG: "true",
      CGO_CFLAGS: "-O2 -g",
      CGO_LDFLAGS: "-O2 -g -lgreet",
    });
  });

  it("takes the package's header and archive, beside the user's flags", async () => {
    const commands = { "pkg-config": "exit 1", "apt-get": ": > libgreet-dev_1_all.deb", "dpkg-deb": UNPACKS };
    const unpacked = path.join(folder, "library", "unpacked");
    assert.deepEqual(await look(commands, { CGO_CFLAGS: "-O1", CGO_LDFLAGS: "-s" }), {
      PKG_CONFIG: "true",
      CGO_CFLAGS: `-O1 "-I${unpacked}/usr/include"`,
      CGO_LDFLAGS: `-s "-L${unpacked}/usr/lib/any" -l:libgreet.a`,
    });
  });

  const failures: { title: string; commands: Record<string, string>; says: RegExp[] }[] = [
    {
      title: "there is neither the library nor apt-get, naming what is missing",
      commands: {},
      says: [/^greeter: neither \/usr\/include\/made-up-greet\.h nor pkg-config's libgreet/, /install libgreet /],
    },
    {
      title: "apt's lists are empty, with apt's words and what to run",
      commands: { "apt-get": 'echo "E: Unable to locate package libgreet-dev" >&2; exit 100', "dpkg-deb": UNPACKS },
      says: [/ended with 100: E: Unable to locate package libgreet-dev/, /run `apt-get update` as root/],
    },
    {
      title: "the package has no static archive",
      commands: { "apt-get": ": > libgreet-dev_1_all.deb", "dpkg-deb": ":" },
      says: [/^greeter: libgreet-dev holds no libgreet\.a/, /or a greeter that has libgreet on PATH/],
    },
  ];
  for (const { title, commands, says } of failures) {
    it(`fails if ${title}`, async () => {
      await assert.rejects(look(commands), (error: Error) => {
        says.forEach((text) => assert.match(error.message, text));
        return true;
      });
    });
  }
});
