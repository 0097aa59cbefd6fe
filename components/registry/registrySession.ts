import { BuildError } from "../support/errors";
import type { Credential } from "./logins";
import { ask, type HttpAnswer } from "./http";
import { askAuthorization } from "./token";

const mostRedirects = 5;
const everyRedirect = [301, 302, 303, 307, 308];
// Those that leave the method and what is sent as they are: https://www.rfc-editor.org/rfc/rfc9110#section-15.4.8
const writingRedirects = [307, 308];

/** What a registry is sent. */
export interface RegistryRequest {
  bytes?: Buffer;
  mediaType?: string;
  accept?: string;
}

/** Requests to one registry, with its login where it wants one. */
export class RegistrySession {
  private authorization: string | undefined;

  /** @param base where its API is: `https://ghcr.io/v2/`. */
  constructor(
    readonly base: URL,
    private readonly credential: Credential | undefined,
    private readonly timeoutMilliseconds: number,
  ) {}

  /**
   * The registry's answer, whatever its status.
   * @throws UnreachableError when there is none, BuildError when it leads to where nobody should go.
   */
  async send(method: "GET" | "POST" | "PUT", url: URL, request: RegistryRequest = {}): Promise<HttpAnswer> {
    const answer = await this.sendOnce(method, url, request);
    if (answer.status !== 401) {
      return answer;
    }
    const challenge = answer.header("www-authenticate") ?? "";
    const before = this.authorization;
    this.authorization = await askAuthorization(this.base, challenge, this.credential, this.timeoutMilliseconds);
    return this.authorization === before ? answer : this.sendOnce(method, url, request);
  }

  /** Where an answer leads to. What began with TLS never goes on without. */
  urlFrom({ header, url }: HttpAnswer, purpose: string): URL {
    const location = header("location") ?? "";
    const target = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    if (location === "" || !target || !["http:", "https:"].includes(target.protocol)) {
      throw new BuildError(`the registry ${this.base.host} gives no URL for ${purpose}`);
    }
    if (target.protocol === "http:" && this.base.protocol === "https:") {
      throw new BuildError(
        `the registry ${this.base.host} leads to ${target.origin}, without TLS. Fix: have the proxy before it send ` +
          "X-Forwarded-Proto, or set `http.relativeurls` of the registry",
      );
    }
    return target;
  }

  /** Follows redirects itself, because each leads to a URL that is checked as the first is. */
  private async sendOnce(method: "GET" | "POST" | "PUT", from: URL, request: RegistryRequest): Promise<HttpAnswer> {
    const { bytes, mediaType, accept } = request;
    const redirects = method === "GET" ? everyRedirect : writingRedirects;
    let url = from;
    for (let followed = 0; followed <= mostRedirects; followed += 1) {
      const answer = await ask(url, {
        method,
        bytes,
        headers: {
          ...(mediaType && { "Content-Type": mediaType }),
          ...(accept && { Accept: accept }),
          // It may lead to another host's storage, which has no business with the login.
          ...(this.authorization && url.origin === this.base.origin && { Authorization: this.authorization }),
        },
        timeoutMilliseconds: this.timeoutMilliseconds,
      });
      if (!redirects.includes(answer.status)) {
        return answer;
      }
      url = this.urlFrom(answer, method === "GET" ? "what is read" : "an upload");
    }
    throw new BuildError(`the registry ${this.base.host} answers ${method} ${from.pathname} with redirects alone`);
  }
}
