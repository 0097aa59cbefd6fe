import { BuildError } from "../errors";
import type { Credential } from "./credentials";
import { digestOf } from "./manifest";
import { registryUrl } from "./read";

const timeoutMilliseconds = 20_000;

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
    const location = begun.headers.get("location");
    if (!location) {
      throw new BuildError(`the registry ${this.base.host} begins an upload without a place for it`);
    }
    const place = new URL(location, begun.url);
    place.searchParams.set("digest", digestOf(bytes));
    await this.send("PUT", place, bytes, "application/octet-stream");
  }

  /** Says whether the registry itself lists the manifest as a referrer of its subject. */
  async pushManifest(tagOrDigest: string, bytes: Buffer, mediaType: string): Promise<boolean> {
    const answer = await this.send("PUT", new URL(`manifests/${tagOrDigest}`, this.base), bytes, mediaType);
    return answer.headers.has("oci-subject");
  }

  private async send(method: string, url: URL, bytes?: Buffer, mediaType?: string): Promise<Response> {
    let answer = await this.sendOnce(method, url, bytes, mediaType);
    if (answer.status === 401) {
      this.authorization = await this.authorize(answer.headers.get("www-authenticate") ?? "");
      answer = await this.sendOnce(method, url, bytes, mediaType);
    }
    if (!answer.ok) {
      throw new BuildError(`the registry ${this.base.host} answers ${method} ${url.pathname} with ${answer.status}`);
    }
    return answer;
  }

  private sendOnce(method: string, url: URL, bytes?: Buffer, mediaType?: string): Promise<Response> {
    return fetch(url, {
      method,
      body: bytes && new Uint8Array(bytes),
      headers: {
        ...(mediaType && { "Content-Type": mediaType }),
        // An upload may lead to another host's storage, which has no business with the login.
        ...(this.authorization && url.host === this.base.host && { Authorization: this.authorization }),
      },
      signal: AbortSignal.timeout(timeoutMilliseconds),
    }).catch((error: Error & { cause?: Error }) => {
      throw new BuildError(`${url.host} can't be reached: ${error.cause?.message ?? error.message}`);
    });
  }

  /** @see https://distribution.github.io/distribution/spec/auth/token/ */
  private async authorize(challenge: string): Promise<string | undefined> {
    const { username, password } = this.credential ?? {};
    const basic = username && `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const { realm, ...asked } = parseChallenge(challenge);
    if (!/^bearer /i.test(challenge) || !realm) {
      return basic;
    }
    const place = new URL(realm);
    if (place.protocol !== "https:" && this.base.protocol === "https:") {
      throw new BuildError(`the registry ${this.base.host} wants its login sent to ${realm}, without TLS`);
    }
    Object.entries(asked).forEach(([key, value]) => place.searchParams.set(key, value));
    const answer = await fetch(place, {
      headers: basic ? { Authorization: basic } : {},
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    if (!answer.ok) {
      throw new BuildError(`${place.host} refuses the login for ${this.base.host} with ${answer.status}`);
    }
    const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string };
    return `Bearer ${token ?? access_token}`;
  }
}

/** What of a `WWW-Authenticate` header a token is asked for with. */
export function parseChallenge(challenge: string): { realm?: string; service?: string; scope?: string } {
  const parts = [...challenge.matchAll(/\b(realm|service|scope)="([^"]*)"/g)];
  return Object.fromEntries(parts.map(([, key, value]) => [key, value]));
}
