import { spawn } from "node:child_process";
import * as https from "node:https";

import type { Authority } from "../../hosts";

export interface GitServer {
  close(): void;
}

/**
 * Git's own server (https://git-scm.com/docs/git-http-backend), behind HTTPS at its own port: from others `pulumi package add`
 * takes no repository. It leaves out the scheme and reads `HOST:PORT/…` as no URL, which it then calls a bug of its own.
 * @see https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/cmd/pulumi/packagecmd/package_add.go
 */
export async function serveGit(repositories: string, authority: Authority, address: string): Promise<GitServer> {
  const { certificate: cert, key } = await authority.issueServer({ names: [address] });
  const server = https.createServer({ cert, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", `https://${address}`);
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
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(443, address, resolve));
  return { close: () => server.close() };
}
