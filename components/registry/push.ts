import { BuildError } from "../support/errors";
import type { Credential } from "./logins";
import type { HttpAnswer } from "./http";
import { digestOf } from "./manifest";
import { registryUrl } from "./read";
import { type RegistryRequest, RegistrySession } from "./registrySession";

const timeoutMilliseconds = 20_000;

/** Where something is pushed to. */
export interface PushedRepository {
  registry: string;
  repository: string;
  isInsecure: boolean;
}

/**
 * Writes to one repository, in the protocol's own words.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
 */
export class RegistryWriter {
  private readonly session: RegistrySession;
  private readonly base: URL;

  constructor({ registry, repository, isInsecure }: PushedRepository, credential: Credential | undefined) {
    this.session = new RegistrySession(registryUrl(registry, isInsecure), credential, timeoutMilliseconds);
    this.base = new URL(`${repository}/`, this.session.base);
  }

  async pushBlob(bytes: Buffer): Promise<void> {
    const begun = await this.send("POST", new URL("blobs/uploads/", this.base));
    const target = this.session.urlFrom(begun, "an upload");
    target.searchParams.set("digest", digestOf(bytes));
    await this.send("PUT", target, { bytes, mediaType: "application/octet-stream" });
  }

  /** Says whether the registry itself lists the manifest as a referrer of its subject. */
  async pushManifest(tagOrDigest: string, bytes: Buffer, mediaType: string): Promise<boolean> {
    const answer = await this.send("PUT", new URL(`manifests/${tagOrDigest}`, this.base), { bytes, mediaType });
    return answer.header("oci-subject") !== undefined;
  }

  private async send(method: "POST" | "PUT", url: URL, request?: RegistryRequest): Promise<HttpAnswer> {
    const answer = await this.session.send(method, url, request);
    if (answer.status < 200 || answer.status > 299) {
      throw new BuildError(`the registry ${this.base.host} answers ${method} ${url.pathname} with ${answer.status}`);
    }
    return answer;
  }
}
