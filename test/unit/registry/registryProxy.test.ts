import * as assert from "node:assert/strict";

import { proxyOf } from "../../../components/registry/proxy";

const proxies = { HTTP_PROXY: "http://plain:3128", HTTPS_PROXY: "http://tls:3128" };

// The answers are those of Go's own package, golang.org/x/net/http/httpproxy of Go 1.26, to the same questions.
describe("the proxy of a registry", () => {
  for (const [url, environment, proxy] of [
    ["https://r.example/v2/", {}, undefined],
    ["https://r.example/v2/", proxies, "http://tls:3128"],
    ["http://r.example/v2/", proxies, "http://plain:3128"],
    ["https://r.example/v2/", { HTTP_PROXY: "http://plain:3128" }, undefined],
    ["http://r.example/v2/", { HTTPS_PROXY: "http://tls:3128" }, undefined],
    ["https://r.example/v2/", { ALL_PROXY: "http://all:3128" }, undefined],
    ["https://r.example/v2/", { https_proxy: "http://lower:1" }, "http://lower:1"],
    ["https://r.example/v2/", { HTTPS_PROXY: "", https_proxy: "http://lower:1" }, "http://lower:1"],
    ["https://r.example/v2/", { HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1" }, "http://upper:1"],
    ["https://r.example/v2/", { HTTPS_PROXY: "bare:3128" }, "http://bare:3128"],
    ["https://r.example/v2/", { HTTPS_PROXY: "https://tls" }, "https://tls"],
    ["https://r.example/v2/", { HTTPS_PROXY: "socks5://socks:1080" }, "socks5://socks:1080"],
  ] as const) {
    it(`for ${url} with ${JSON.stringify(environment)} is ${proxy ?? "none"}`, () => {
      const found = proxyOf(new URL(url), environment);
      assert.equal(found && `${found.protocol}//${found.host}`, proxy);
    });
  }

  for (const host of [
    "localhost",
    "localhost:5000",
    "127.0.0.1:5000",
    "127.9.8.7",
    "[::1]:5000",
    "[::ffff:127.0.0.1]",
  ]) {
    it(`is none for loopback: ${host}`, () => {
      assert.equal(proxyOf(new URL(`https://${host}/v2/`), proxies), undefined);
      assert.equal(proxyOf(new URL(`http://${host}/v2/`), proxies), undefined);
    });
  }

  for (const [exceptions, direct, proxied] of [
    ["*", ["r.example", "10.1.2.3"], []],
    ["foo.com", ["foo.com", "FOO.com", "bar.foo.com", "a.b.foo.com:5000"], ["xfoo.com", "foo.com.example"]],
    [".foo.com", ["bar.foo.com"], ["foo.com", "xfoo.com"]],
    ["*.foo.com", ["bar.foo.com"], ["foo.com"]],
    ["foo.com:5000", ["foo.com:5000", "bar.foo.com:5000"], ["foo.com", "foo.com:5001"]],
    ["foo.com:443", ["foo.com"], ["foo.com:5000"]],
    [" FOO.com , ,bar.com", ["foo.com", "bar.com"], ["r.example"]],
    ["10.0.0.0/8", ["10.1.2.3", "10.1.2.3:5000", "[::ffff:10.1.2.3]"], ["11.1.2.3", "r.example"]],
    ["10.1.2.3", ["10.1.2.3:5000"], ["10.1.2.4"]],
    ["10.1.2.3:5000", ["10.1.2.3:5000"], ["10.1.2.3"]],
    ["fd00::/8", ["[fd00::5]:5000"], ["[fe00::5]", "10.1.2.3"]],
    ["[fd00::5]:5000", ["[fd00::5]:5000"], ["[fd00::5]"]],
    ["fd00::5", ["[fd00::5]:5000"], ["[fd00::6]"]],
    ["::/0", ["[fd00::5]"], ["10.1.2.3"]],
    [":5000,10.0.0.0/33,foo.com/8,*foo.com", [], ["foo.com:5000", "10.1.2.3", "xfoo.com"]],
    ["bücher.example", ["xn--bcher-kva.example"], ["r.example"]],
  ] as const) {
    it(`is heeded NO_PROXY for: ${exceptions}`, () => {
      const of = (host: string) => proxyOf(new URL(`https://${host}/v2/`), { ...proxies, NO_PROXY: exceptions })?.host;
      assert.deepEqual([direct.map(of), proxied.map(of)], [direct.map(() => undefined), proxied.map(() => "tls:3128")]);
    });
  }

  for (const given of [
    "ftp://proxy",
    "http://",
    "http://user:hunter2@",
    "http://user:hunter2%@proxy",
    "http://u:hunter2/@proxy:1",
  ]) {
    it(`is refused where it is none, without its password: ${given}`, () =>
      assert.throws(
        () => proxyOf(new URL("https://r.example/v2/"), { HTTPS_PROXY: given }),
        ({ message }: Error) =>
          /^HTTPS_PROXY in the environment is no URL of a proxy/.test(message) && !/hunter2/.test(message),
      ));
  }
});
