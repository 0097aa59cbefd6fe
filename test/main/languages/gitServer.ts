import { spawn } from "node:child_process";
import * as https from "node:https";
import type { AddressInfo } from "node:net";

import type { Authority } from "../../hosts";

export interface GitServer {
  /** As in `127.0.0.1:4711`. */
  host: string;
  close(): void;
}

/** Git's own server, behind HTTPS: Pulumi takes a repository from no other (https://git-scm.com/docs/git-http-backend). */
export async function serveGit(repositories: string, authority: Authority): Promise<GitServer> {
  const { certificate: cert, key } = await authority.issueServer({ names: ["127.0.0.1"] });
  const server = https.createServer({ cert, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://127.0.0.1");
    const backend = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: repositories,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        REQUEST_METHOD: request.method,
        PATH_INFO: pathname,
        QUERY_STRING: searchParams.toString(),
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      },
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    backend.once("close", () => {
      const answer = Buffer.concat(chunks);
      const end = answer.indexOf("\r\n\r\n");
      for (const line of answer.subarray(0, end).toString().split("\r\n")) {
        const [name, value] = line.split(": ");
        if (name === "Status") {
          response.statusCode = Number.parseInt(value, 10);
        } else if (value) {
          response.setHeader(name, value);
        }
      }
      response.end(answer.subarray(end + 4));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
