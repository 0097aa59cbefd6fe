import * as crypto from "node:crypto";
import * as http from "node:http";
import type * as net from "node:net";

/** How a registry refuses what is asked of it, by the first part of the repository's name. */
interface Fault {
  /** Which requests it is about. @default - all */
  of?: RegExp;
  status?: number;
  headers?: http.OutgoingHttpHeaders;
  /** An error as registries word it: https://distribution.github.io/distribution/spec/api/#errors-2 */
  code?: string;
  message?: string;
  page?: string;
  /** Ends the connection in place of an answer. */
  hangUp?: "reset" | "end";
}

// Harbor's and ECR's sentences are from their documentation.
const faults: Record<string, Fault> = {
  reset: { hangUp: "reset" },
  cut: { of: /^PUT \S*uploads/, hangUp: "end" },
  busy: { status: 429 },
  s502: { status: 502 },
  s503: { status: 503 },
  denied: { of: /^POST/, status: 403, code: "DENIED", message: "denied" },
  iam: {
    of: /^POST/,
    status: 403,
    code: "DENIED",
    message:
      "User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:x " +
      "because no identity-based policy allows the ecr:InitiateLayerUpload action",
  },
  unnamed: {
    of: /^POST/,
    status: 404,
    code: "RepositoryNotFoundException",
    message: "The repository with name 'nope' does not exist in the registry with id '123456789012'",
  },
  quota: {
    of: /^POST/,
    status: 412,
    code: "DENIED",
    message:
      "The storage quota for your project has been exceeded: adding 10 MiB of storage resource, which when updated to " +
      "current usage will exceed the configured upper limit of 5 MiB",
  },
  immutable: {
    of: /^PUT \S*manifests/,
    status: 400,
    code: "ImageTagAlreadyExistsException",
    message:
      "The image tag '1' already exists in the 'x' repository and cannot be overwritten because the tag is immutable.",
  },
  large: { of: /^PUT \S*uploads/, status: 413, page: "<html>413 Request Entity Too Large</html>" },
  readonly: { of: /^POST/, status: 405, code: "UNSUPPORTED", message: "The operation is unsupported." },
  broken: { of: /^PUT \S*manifests/, status: 500, code: "INTERNAL", message: "unknown error" },
  unknown: { of: /^PUT \S*manifests/, status: 500, code: "UNKNOWN", message: "unknown error" },
  full: { of: /^PUT \S*manifests/, status: 500, code: "UNKNOWN", message: "no space left on device" },
  page: { status: 200, page: "<html>Welcome</html>" },
  busytoken: { status: 401, headers: { "WWW-Authenticate": 'Bearer realm="http://127.0.0.1:PORT/token",service="x"' } },
  notoken: { status: 401, headers: { "WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token",service="x"' } },
};

/** A registry on every address of this machine, which takes what it is given but for what its repositories' names say. */
export class FaultyRegistry {
  private readonly server = http.createServer((request, response) => this.answer(request, response));

  static async start(): Promise<FaultyRegistry> {
    const registry = new FaultyRegistry();
    await new Promise<void>((resolve) => registry.server.listen(0, resolve));
    return registry;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = "", url = "" } = request;
    const hash = crypto.createHash("sha256");
    request.on("error", () => undefined);
    request.on("data", (bytes: Buffer) => hash.update(bytes));
    request.on("end", () => {
      if (url.startsWith("/token")) {
        response.writeHead(503).end();
        return;
      }
      const [, name = ""] = /^\/v2\/([^/]+)\//.exec(url) ?? [];
      const fault = faults[name];
      if (fault && (fault.of ?? /./).test(`${method} ${url}`)) {
        this.refuse(fault, response);
        return;
      }
      this.take(method, url, `sha256:${hash.digest("hex")}`, response);
    });
  }

  private refuse(
    { status = 500, headers = {}, code, message, page, hangUp }: Fault,
    response: http.ServerResponse,
  ): void {
    if (hangUp) {
      const socket = response.socket as net.Socket;
      void (hangUp === "reset" ? socket.resetAndDestroy() : socket.destroy());
      return;
    }
    const texts = Object.entries(headers).map(([name, value]) => [
      name,
      String(value).replace("PORT", String(this.port)),
    ]);
    response.writeHead(status, {
      "Content-Type": page ? "text/html" : "application/json",
      ...(Object.fromEntries(texts) as http.OutgoingHttpHeaders),
    });
    response.end(page ?? (code && JSON.stringify({ errors: [{ code, message }] })));
  }

  private take(method: string, url: string, digest: string, response: http.ServerResponse): void {
    if (method === "POST") {
      response.writeHead(202, { Location: `${url}abc` }).end();
      return;
    }
    const isTaken = method === "PUT" || method === "PATCH";
    response.writeHead(isTaken ? 201 : 404, isTaken ? { "Docker-Content-Digest": digest } : {}).end();
  }
}
