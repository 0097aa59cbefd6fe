import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";

type ClientConstructor = new (address: string, credentials: grpc.ChannelCredentials) => grpc.Client;

/** What of a daemon's API a client speaks. */
export interface Api {
  /** As protobuf.js has it in code. */
  descriptor: object;
  services: readonly string[];
}

/** A method of a daemon that answers in parts. */
export type Streaming<Request, Part> = (request: Request, options: grpc.CallOptions) => grpc.ClientReadableStream<Part>;

const constructors = new WeakMap<Api, ClientConstructor>();

/** Has a client of the daemon behind a unix socket used, and closes it. All services are in one: they have one address. */
export async function withClient<Client extends grpc.Client, T>(
  socket: string,
  api: Api,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new (constructorOf(api))(`unix:${socket}`, grpc.credentials.createInsecure());
  try {
    return await use(client as Client);
  } finally {
    client.close();
  }
}

/** To be done by a daemon within a time. */
export function deadline(milliseconds: number): grpc.CallOptions {
  return { deadline: Date.now() + milliseconds };
}

/** Made when it is first needed: an import does no work. */
function constructorOf(api: Api): ClientConstructor {
  let made = constructors.get(api);
  if (!made) {
    // protobuf.js wants even empty parts spelled out in its type, not in its input.
    const descriptor = api.descriptor as Parameters<typeof protoLoader.fromJSON>[0];
    const definition = protoLoader.fromJSON(descriptor, { keepCase: true, defaults: true, longs: String });
    const methods = api.services.map((name) => definition[name] as grpc.ServiceDefinition);
    made = grpc.makeClientConstructor(Object.assign({}, ...methods) as grpc.ServiceDefinition, "BuildKit");
    constructors.set(api, made);
  }
  return made;
}
