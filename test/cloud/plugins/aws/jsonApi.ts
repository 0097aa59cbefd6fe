import { createHash, createHmac } from "node:crypto";

import { type Dispatcher, fetch, type Response } from "undici";

import { awsError } from "./errors";

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A service of AWS that has no client in this repository. */
interface Service {
  /** As the real provider's errors name it. */
  name: string;
  /** In signatures. */
  signedAs: string;
  /** Before the names of operations. */
  target: string;
  version: "1.0" | "1.1";
}

const services = {
  cloudWatch: { name: "CloudWatch", signedAs: "monitoring", target: "GraniteServiceVersion20100801", version: "1.0" },
  ecs: { name: "ECS", signedAs: "ecs", target: "AmazonEC2ContainerServiceV20141113", version: "1.1" },
  logs: { name: "CloudWatch Logs", signedAs: "logs", target: "Logs_20140328", version: "1.1" },
} as const satisfies Record<string, Service>;

interface Settings {
  endpoint: () => string;
  region: string;
  credentials: () => Promise<Credentials>;
  agent: string;
  /** The provider's own way to AWS, if it has one. */
  dispatcher?: Dispatcher;
}

/** A client of a service in AWS's JSON protocol, as small as the stand-in needs it. */
export class JsonApi {
  /** How far this machine's clock is behind the account's, as far as it was told. */
  private skewMilliseconds = 0;

  private readonly service: Service;

  constructor(
    service: keyof typeof services,
    private readonly settings: Settings,
  ) {
    this.service = services[service];
  }

  /** @throws AwsError with the code of the refusal. */
  async call<Answer extends object>(operation: string, input: object): Promise<Answer> {
    const { region, credentials, agent, dispatcher } = this.settings;
    const endpoint = this.settings.endpoint();
    const body = JSON.stringify(input);
    const { host } = new URL(endpoint);
    const identity = await credentials();
    const send = (): Promise<Response> => {
      const moment = new Date(Date.now() + this.skewMilliseconds);
      const headers = signed(this.service, operation, { host, region, body, identity, moment });
      return fetch(endpoint, { method: "POST", headers: { ...headers, "user-agent": agent }, body, dispatcher });
    };
    let answer = await send();
    // As the provider's SDK does: https://aws.amazon.com/blogs/developer/clock-skew-correction/
    const skew = Date.parse(answer.headers.get("date") ?? "") - Date.now();
    if (!answer.ok && Math.abs(skew - this.skewMilliseconds) > 60_000) {
      this.skewMilliseconds = skew;
      await answer.body?.cancel();
      answer = await send();
    }
    const text = await answer.text();
    const parsed = JSON.parse(text || "{}") as Answer & { __type?: string; message?: string; Message?: string };
    if (!answer.ok) {
      const error = new Error(parsed.message ?? parsed.Message ?? text);
      error.name = parsed.__type?.split("#").at(-1) ?? "UnknownError";
      throw awsError(
        this.service.name,
        operation,
        Object.assign(error, { $metadata: { httpStatusCode: answer.status } }),
      );
    }
    return parsed;
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signed(
  { signedAs, target, version }: Service,
  operation: string,
  request: { host: string; region: string; body: string; identity: Credentials; moment: Date },
): Record<string, string> {
  const { host, region, body } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = request.identity;
  const moment = request.moment.toISOString().replace(/[-:]|\.\d+/g, "");
  const day = moment.slice(0, 8);
  const headers: Record<string, string> = {
    "content-type": `application/x-amz-json-${version}`,
    host,
    "x-amz-date": moment,
    ...(sessionToken && { "x-amz-security-token": sessionToken }),
    "x-amz-target": `${target}.${operation}`,
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", "/", "", lines.join(""), names, sha256(body)].join("\n");
  const scope = `${day}/${region}/${signedAs}/aws4_request`;
  const key = [day, region, signedAs, "aws4_request"].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  const signature = hmac(key, ["AWS4-HMAC-SHA256", moment, scope, sha256(canonical)].join("\n")).toString("hex");
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
