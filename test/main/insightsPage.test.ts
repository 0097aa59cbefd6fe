import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

import { skipWithout, startNamespaceNode } from "../hosts";
import { nightly } from "../tier";
import { getBaseImage, getMachines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

// Debian's: a browser of Playwright's own would be a download.
const executablePath = "/usr/bin/chromium";
/** Where pictures of the page are written, if they are wanted: docs/ has them from here. */
const pictures = process.env.REPORT_PICTURES;
const platforms = ["linux/arm64", "linux/amd64"];
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 900, height: 900 } };
const schemes = ["light", "dark"] as const;

// Its commands run on this machine's kernel on both nodes, the second of which only calls itself arm64.
const dockerfile = (base: string) => `FROM --platform=linux/amd64 ${base} AS build
COPY package.json package-lock.json ./
RUN sleep 1.2; echo "added 312 packages in 1s"
COPY src /src
RUN sleep 0.7; echo "compiled 48 files"
RUN sleep 0.3; echo "ok 96 tests"
RUN mkdir /out && cp -r /src /out/
FROM ${base}
${Array.from({ length: 22 }, (_, at) => `COPY assets/${at} /srv/assets/${at}`).join("\n")}
COPY --from=build /out /srv
CMD ["/bin/sh"]
`;

// The pictures in docs/ are of this one. Its `npm` is a script that waits.
const shownDockerfile = (base: string) => `FROM --platform=linux/amd64 ${base} AS build
COPY npm /bin/npm
COPY package.json package-lock.json ./
RUN npm ci
COPY src /src
RUN npm run build
RUN npm test
FROM ${base}
COPY --from=build /src /srv
`;
const npm = `#!/bin/sh
case "$*" in ci) sleep 1.2 ;; "run build") sleep 0.7 ;; *) sleep 0.3 ;; esac
`;

/** What a browser shows of the page of a real build: nothing is loaded, and each size and each scheme is readable. */
nightly.describe("the page of a build, in a browser", function () {
  this.timeout(300_000);
  let file: string;
  let shown: string;
  let browser: Browser;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    if (!fs.existsSync(executablePath)) {
      process.stdout.write("skipped: needs chromium: install the package chromium\n");
      this.skip();
    }
    const { run, network, authority, registry, amd64 } = await getMachines();
    const settings = { name: "page", platform: "linux/arm64", registries: registry.trusted } as const;
    const arm64 = await startNamespaceNode(run, network, authority, settings);
    const prices = { amd64: 0.12, arm64: 0.09 };
    const image = (name: string) => ({
      context: "./app",
      dockerfile: { location: `./app/${name}.Dockerfile` },
      platforms,
      tags: [`${registry.host}/${name}:1`],
      report: { directory: name },
      prices,
    });
    const nodes = [amd64.remoteNode(), arm64.remoteNode()];
    const stack = await Stack.create(
      { builder: { nodes }, images: { shop: image("shop"), ...(pictures ? { web: image("web") } : {}) } },
      { environment: trusting(registry) },
    );
    const base = await getBaseImage();
    stack.write("app/shop.Dockerfile", dockerfile(base));
    stack.write("app/web.Dockerfile", shownDockerfile(base));
    stack.write("app/npm", npm, 0o755);
    for (const name of [
      "package.json",
      "package-lock.json",
      ...Array.from({ length: 22 }, (_, at) => `assets/${at}`),
    ]) {
      stack.write(`app/${name}`, `${name}\n`);
    }
    for (const source of ["a\n", "b\n"]) {
      stack.write("app/src/main.ts", source);
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
    }
    file = path.join(stack.directory, "shop/report.html");
    shown = path.join(stack.directory, "web/report.html");
    const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];
    browser = await chromium.launch({ executablePath, args });
  });
  after(() => browser?.close());

  it("of 30 steps is below 150 KB", () => {
    const html = fs.readFileSync(file, "utf8");
    assert.ok((html.match(/<details class="row/g) ?? []).length >= 30, `${html.match(/<details class="row/g)?.length}`);
    assert.ok(html.length < 150_000, `${html.length}`);
  });

  for (const javaScriptEnabled of [true, false]) {
    for (const [size, viewport] of Object.entries(sizes)) {
      for (const colorScheme of schemes) {
        it(`on a ${size}, ${colorScheme}, with${javaScriptEnabled ? "" : "out"} JavaScript and without a network`, async () => {
          const page = await open(file, { javaScriptEnabled, viewport, colorScheme });
          await looksRight(page, viewport.width);
          if (pictures && javaScriptEnabled) {
            const picture = await open(shown, { viewport, colorScheme, deviceScaleFactor: 1.5 });
            const steps = (await picture.locator(".rows").first().boundingBox())!;
            const name = path.join(pictures, `insights-${size}-${colorScheme}.png`);
            const clip = { x: 0, y: 0, width: viewport.width, height: steps.y + steps.height + 20 };
            await picture.screenshot({ path: name, fullPage: true, clip });
            await picture.context().close();
          }
          await clickAll(page);
          await page.context().close();
        });
      }
    }
  }

  async function open(file: string, options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext({ ...options, offline: true });
    const page = await context.newPage();
    page.on("console", (message) => assert.fail(message.text()));
    page.on("pageerror", (error) => assert.fail(error));
    page.on("request", (request) => assert.ok(request.url().startsWith("file:"), request.url()));
    await page.goto(`file://${file}`);
    return page;
  }

  /** Nothing is wider than the screen, and each bar is in the row of its step. */
  async function looksRight(page: Page, width: number): Promise<void> {
    for (const part of ["html", "article", ".rows", ".path"]) {
      const box = await page.locator(part).first().boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${part} ${JSON.stringify(box)}`);
    }
    const row = page.locator("details.row", { hasText: "sleep 1.2" });
    const outer = (await row.boundingBox())!;
    const bars = await row.locator(".bar").all();
    assert.equal(bars.length, 2);
    for (const bar of bars) {
      const box = (await bar.boundingBox())!;
      assert.ok(
        box.width >= 3 && box.y >= outer.y && box.y + box.height <= outer.y + outer.height,
        JSON.stringify(box),
      );
    }
  }

  /** What can be clicked: each step shows what it printed, and the box hides what was cached. */
  async function clickAll(page: Page): Promise<void> {
    const row = page.locator("details.row", { hasText: "sleep 0.7" });
    assert.equal(await row.getByText("compiled 48 files", { exact: true }).first().isVisible(), false);
    await row.locator("summary").click();
    assert.equal(await row.getByText("compiled 48 files", { exact: true }).first().isVisible(), true);
    const cached = page.locator("details.all-cached");
    const count = await cached.count();
    assert.ok(count > 20, `${count}`);
    await page.getByLabel("only what was not cached").click();
    assert.equal(await cached.first().isVisible(), false);
    assert.equal(await row.isVisible(), true);
    await page.getByLabel("only what was not cached").click();
    assert.equal(await cached.first().isVisible(), true);
  }
});
