import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort } from "node:worker_threads";

/** Two Git servers, as far as `git ls-remote` asks them, in a thread of their own: a look-up blocks the one that asks. */
const commit = "0123456789abcdef0123456789abcdef01234567";
const password = `Basic ${Buffer.from("ci:to%ken").toString("base64")}`;
const seen: string[] = [];

const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
const advertisement = `${line("# service=git-upload-pack\n")}0000${line("version 2\n")}${line("ls-refs\n")}0000`;
const references = `${line(`${commit} HEAD\n`)}${line(`${commit} refs/heads/main\n`)}0000`;

function serve(name: string, decide: (request: http.IncomingMessage) => http.OutgoingHttpHeaders | undefined) {
  const server = http.createServer((request, response) => {
    seen.push(`${name} ${request.method} ${request.headers.authorization ?? "-"}`);
    request.resume();
    const headers = decide(request);
    if (headers) {
      response.writeHead(headers.location ? 302 : 401, headers).end();
      return;
    }
    const isPost = request.method === "POST";
    response.setHeader("content-type", `application/x-git-upload-pack-${isPost ? "result" : "advertisement"}`);
    response.end(isPost ? references : advertisement);
  });
  server.listen(0, "127.0.0.1");
  return server;
}

const other = serve("other", () => undefined);
const own = serve("own", ({ method, url = "", headers }) => {
  const { port } = other.address() as AddressInfo;
  if (url.startsWith("/public")) {
    return url.includes("leads-away") ? { location: `http://localhost:${port}${url}` } : undefined;
  }
  if (headers.authorization !== password) {
    return { "www-authenticate": 'Basic realm="git"' };
  }
  // As GitHub does for a repository that was renamed: what comes after is answered under both names.
  if (method === "POST") {
    return undefined;
  }
  if (url.startsWith("/leads-away")) {
    return { location: `http://localhost:${port}${url}` };
  }
  return url.startsWith("/renamed") ? { location: url.replace("renamed", "private") } : undefined;
});
own.once("listening", () => parentPort?.postMessage((own.address() as AddressInfo).port));
parentPort?.on("message", () => parentPort?.postMessage(seen.splice(0)));
