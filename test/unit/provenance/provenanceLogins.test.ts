import * as assert from "node:assert/strict";

import { reducePredicate } from "../../../components/provenance/statement";

describe("provenance: logins in URLs", () => {
  for (const [text, expected] of [
    ["https://token@git.example/a.git", "https://git.example/a.git"],
    ["https://ci:p@ss@git.example/a.git", "https://git.example/a.git"],
    ["https://ci:p'w<x>@git.example:8443/a.git", "https://git.example:8443/a.git"],
    ["HTTP://ci:pw@git.example", "HTTP://git.example"],
    ["https://ci:p/w@git.example/a.git", "https://git.example/a.git"],
    ["ssh://git:pw@git.example/a.git", "ssh://git.example/a.git"],
    ["git+ssh://ci:pw@git.example/a.git", "git+ssh://git.example/a.git"],
    ["git+https://token@git.example/a.git", "git+https://git.example/a.git"],
    [
      'git clone "https://u:p\\"w@git.example/a" && wget ftp://u:p@b/c',
      'git clone "https://git.example/a" && wget ftp://b/c',
    ],
    // What is no login.
    ["ssh://git@git.example/a.git", "ssh://git@git.example/a.git"],
    ["git@git.example:a.git", "git@git.example:a.git"],
    ["docker-image://debian:13@sha256:aa", "docker-image://debian:13@sha256:aa"],
    ["oci-layout://base@sha256:aa", "oci-layout://base@sha256:aa"],
    ["https://npm.example/@types/node", "https://npm.example/@types/node"],
    ["https://npm.example:4873/@types/node", "https://npm.example:4873/@types/node"],
    ['{"a":"https://git.example:1","b":"c@d"}', '{"a":"https://git.example:1","b":"c@d"}'],
    ["https://git.example?mail=a@b", "https://git.example?mail=a@b"],
    ["pkg:docker/node@20", "pkg:docker/node@20"],
    ["a @ b :// c@d", "a @ b :// c@d"],
  ]) {
    it(`${text === expected ? "leaves" : "takes the login out of"} ${text}`, () => {
      const reduced = reducePredicate({ [text]: [text, { deep: `see ${text} now` }], number: 1 }, "max");
      assert.deepEqual(reduced, { [expected]: [expected, { deep: `see ${expected} now` }], number: 1 });
    });
  }
});
