import { BuildError } from "../errors";
import type { Credential } from "./credentials";
import { digestOf } from "./manifest";
import { registryUrl } from "./read";
import { askAuthorization } from "./token";

const timeoutMilliseconds = 20_000;
const mostRedirects = 5;
const redirectStatuses = [307, 308];

/** Where something is pushed to. */
export interface PushedRepository {
  registry: string;
  repository: string;
  isInsecure: boolean;
}

/**
 * Writes to one repository, in the protocol's own words. The client that reads it can't: it has no method but GET.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
 */
export class RegistryWriter {
  private readonly base: URL;
  private authorization: string | undefined;

  constructor(
    { registry, repository, isInsecure }: PushedRepository,
    private readonly credential: Credential | undefined,
  ) {
    this.base = new URL(`${repository}/`, registryUrl(registry, isInsecure));
  }

  async pushBlob(bytes: Buffer): Promise<void> {
    const begun = await this.send("POST", new URL("blobs/uploads/", this.base));
    const place = this.placeFrom(begun.answer, begun.url);
    place.searchParams.set("digest", digestOf(bytes));
    await this.send("PUT", place, bytes, "application/octet-stream");
  }

  /** Says whether the registry itself lists the manifest as a referrer of its subject. */
  async pushManifest(tagOrDigest: string, bytes: Buffer, mediaType: string): Promise<boolean> {
    const { answer } = await this.send("PUT", new URL(`manifests/${tagOrDigest}`, this.base), bytes, mediaType);
    return answer.headers.has("oci-subject");
  }

  private async send(method: string, url: URL, bytes?: Buffer, mediaType?: string): Promise<Answered> {
    let answered = await this.sendOnce(method, url, bytes, mediaType);
    if (answered.answer.status === 401) {
      const challenge = answered.answer.headers.get("www-authenticate") ?? "";
      this.authorization = await askAuthorization(this.base, challenge, this.credential);
      answered = await this.sendOnce(method, url, bytes, mediaType);
    }
    const { status, ok } = answered.answer;
    if (!ok) {
      throw new BuildError(`the registry ${this.base.host} answers ${method} ${url.pathname} with ${status}`);
    }
    return answered;
  }

  /** Follows redirects itself, because each leads to a place that is checked as the first is. */
  private async sendOnce(method: string, from: URL, bytes?: Buffer, mediaType?: string): Promise<Answered> {
    let url = from;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const answer = await fetch(url, {
        method,
        redirect: "manual",
        body: bytes && new Uint8Array(bytes),
        headers: {
          ...(mediaType && { "Content-Type": mediaType }),
          // An upload may lead to another host's storage, which has no business with the login.
          ...(this.authorization && url.origin === this.base.origin && { Authorization: this.authorization }),
        },
        signal: AbortSignal.timeout(timeoutMilliseconds),
      }).catch((error: Error & { cause?: Error }) => {
        throw new BuildError(`${url.host} can't be reached: ${error.cause?.message ?? error.message}`);
      });
      if (!redirectStatuses.includes(answer.status)) {
        return { answer, url };
      }
      url = this.placeFrom(answer, url);
    }
    throw new BuildError(`the registry ${this.base.host} answers ${method} ${from.pathname} with redirects alone`);
  }

  /** Where an answer leads to. What began with TLS never goes on without. */
  private placeFrom({ headers }: Response, from: URL): URL {
    const location = headers.get("location") ?? "";
    const place = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    if (location === "" || !place || !["http:", "https:"].includes(place.protocol)) {
      throw new BuildError(`the registry ${this.base.host} leads to no place for an upload`);
    }
    if (place.protocol === "http:" && this.base.protocol === "https:") {
      throw new BuildError(
        `the registry ${this.base.host} leads to ${place.origin}, without TLS. Fix: have the proxy before it send ` +
          "X-Forwarded-Proto, or set `http.relativeurls` of the registry",
      );
    }
    return place;
  }
}

interface Answered {
  answer: Response;
  /** What has answered, after redirects. */
  url: URL;
}
