import * as assert from "node:assert/strict";

import { formatEndpoint, parseEndpoint, sshArguments } from "../../../components/transport/endpoint";

describe("endpoint", () => {
  for (const [text, endpoint] of [
    ["tcp://10.0.0.7:1234", { kind: "tcp", host: "10.0.0.7", port: 1234, tls: undefined }],
    ["tcp://[fd00::7]:1234", { kind: "tcp", host: "fd00::7", port: 1234, tls: undefined }],
    ["unix:///run/buildkit/buildkitd.sock", { kind: "unix", path: "/run/buildkit/buildkitd.sock" }],
    [
      "ssh://me%40corp@[fd00::7]",
      { kind: "ssh", host: "[fd00::7]", user: "me@corp", port: undefined, socketPath: undefined },
    ],
    ["ssh://me@arm:22/run/b.sock", { kind: "ssh", host: "arm", user: "me", port: "22", socketPath: "/run/b.sock" }],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseEndpoint(text), endpoint));
  }

  for (const [text, problem] of [
    ["10.0.0.7:1234", /tcp:\/\/HOST:PORT/],
    ["tcp://10.0.0.7", /host and port are both needed/],
    ["unix://relative.sock", /absolute/],
    ["http://10.0.0.7:1234", /scheme http:\/\//],
    ["ssh://me:secret@arm", /without a password/],
    ["", /no URL/],
    ["unix:///run/%zz", /absolute/],
    ["ssh://me@arm/run/b.sock;id;", /a shell there reads it: only letters/],
    ["ssh://me@arm/run/$IFS", /a shell there reads it/],
    ["ssh://me@arm/run/a%20b.sock", /a shell there reads it/],
    ["ssh://me@arm/run/%zz", /a shell there reads it/],
    ["ssh://me@$(id)/run/b.sock", /a shell there reads it/],
    ["ssh://me@`id`", /a shell there reads it/],
    ["ssh://$(id)@arm", /a shell there reads it/],
    ["ssh://-oProxyCommand=id@arm", /a shell there reads it/],
    ["ssh://-oProxyCommand=id/run/b.sock", /a shell there reads it/],
  ] as const) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => {
      const parsed = parseEndpoint(text);
      assert.ok("problem" in parsed);
      assert.match(parsed.problem, problem);
    });
  }

  it("writes an endpoint without its keys", () => {
    const tls = { ca: "CA", cert: "CERT", key: "KEY" };
    assert.equal(formatEndpoint({ kind: "tcp", host: "fd00::7", port: 1234, tls }), "tcp://[fd00::7]:1234");
    assert.equal(formatEndpoint({ kind: "ssh", host: "arm", user: "me" }), "ssh://me@arm");
  });

  it("calls ssh as buildx does, without questions", () => {
    assert.deepEqual(
      sshArguments({ kind: "ssh", host: "arm", user: "me", port: "2222", socketPath: "/run/b.sock" }),
      ["-l", "me", "-p", "2222", "-o", "BatchMode=yes", "--", "arm", "buildctl", "--addr", "unix:///run/b.sock"].concat(
        "dial-stdio",
      ),
    );
  });
});
