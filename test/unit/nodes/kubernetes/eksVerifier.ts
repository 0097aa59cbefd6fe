import * as crypto from "node:crypto";

const prefix = "k8s-aws-v1.";
const mostBytes = 4_096;
const validMilliseconds = 15 * 60_000;
const clusterHeader = "x-k8s-aws-id";
const allowed = new Set(
  ["Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"]
    .concat("X-Amz-Security-Token", "X-Amz-Signature", "X-Amz-SignedHeaders")
    .map((name) => name.toLowerCase()),
);

/** What STS knows of an access key. */
export interface KnownKey {
  secretKey: string;
  sessionToken?: string;
}

/**
 * Takes and refuses tokens as EKS does, for one cluster: the form in the order of `Verify`, and the signature as STS checks it of
 * the request that `Verify` sends. Says whose access key it is.
 * @see https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.7.7/pkg/token/token.go (`Verify`)
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verify(token: string, cluster: string, keys: Readonly<Record<string, KnownKey>>, now: Date): string {
  assertThat(token.length <= mostBytes, "token is too large");
  assertThat(token.startsWith(prefix), "token is missing expected prefix");
  const encoded = token.slice(prefix.length);
  // Go's RawURLEncoding takes no padding.
  assertThat(/^[\w-]+$/.test(encoded), "illegal base64 data");
  const text = Buffer.from(encoded, "base64url").toString();
  const url = new URL(text);
  assertThat(url.protocol === "https:", `unexpected scheme ${url.protocol}`);
  assertThat(
    /^sts\.[a-z]+(-[a-z]+)+-\d\.(amazonaws\.(com|com\.cn|eu)|c2s\.ic\.gov)$/.test(url.host),
    `unexpected hostname ${url.host}`,
  );
  assertThat(url.pathname === "/", "unexpected path");
  const names = [...url.searchParams.keys()];
  for (const name of names) {
    assertThat(allowed.has(name.toLowerCase()), `non-whitelisted query parameter ${name}`);
    assertThat(url.searchParams.getAll(name).length === 1, `${name} has several values`);
  }
  const value = (name: string) => url.searchParams.get(name) ?? "";
  assertThat(value("Action") === "GetCallerIdentity", "unexpected action parameter");
  assertThat(value("Version") === "2011-06-15", "STS knows this version alone");
  assertThat(value("X-Amz-SignedHeaders").split(";").includes(clusterHeader), `${clusterHeader} is not signed`);
  const expires = Number(value("X-Amz-Expires"));
  assertThat(Number.isInteger(expires) && expires >= 0 && expires <= 900, "invalid X-Amz-Expires parameter");
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value("X-Amz-Date")) ?? [];
  const signed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  assertThat(!Number.isNaN(signed), "error parsing X-Amz-Date");
  assertThat(now.getTime() <= signed + validMilliseconds, "X-Amz-Date parameter is expired");
  return verifySignature(url, cluster, keys, `${year}${month}${day}`);
}

function verifySignature(url: URL, cluster: string, keys: Readonly<Record<string, KnownKey>>, day: string): string {
  const value = (name: string) => url.searchParams.get(name) ?? "";
  assertThat(value("X-Amz-Algorithm") === "AWS4-HMAC-SHA256", "another algorithm");
  const [accessKey, ...scope] = value("X-Amz-Credential").split("/");
  const region = url.host.split(".")[1];
  assertThat(scope.join("/") === `${day}/${region}/sts/aws4_request`, `credential scope ${scope.join("/")}`);
  const key = keys[accessKey];
  assertThat(key !== undefined, "InvalidClientTokenId");
  assertThat(value("X-Amz-Security-Token") === (key.sessionToken ?? ""), "another session's token");
  // What `Verify` sends: its own cluster's name, whatever was signed.
  const sent: Record<string, string> = { host: url.host, [clusterHeader]: cluster };
  const headers = value("X-Amz-SignedHeaders").split(";");
  assertThat(headers.join() === [...headers].sort().join() && headers.includes("host"), "headers in no order");
  const canonicalHeaders = headers.map((name) => `${name}:${sent[name] ?? ""}\n`).join("");
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, each]) => `${quote(name)}=${quote(each)}`)
    .sort();
  const canonical = ["GET", "/", query.join("&"), canonicalHeaders, headers.join(";"), hash("")].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", value("X-Amz-Date"), scope.join("/"), hash(canonical)].join("\n");
  const signingKey = scope.reduce<Buffer>((last, part) => hmac(last, part), Buffer.from(`AWS4${key.secretKey}`));
  assertThat(hmac(signingKey, toSign).toString("hex") === value("X-Amz-Signature"), "SignatureDoesNotMatch");
  return accessKey;
}

function quote(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hash(text: string): string {
  return crypto.createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return crypto.createHmac("sha256", key).update(text).digest();
}

function assertThat(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) {
    throw new Error(otherwise);
  }
}
