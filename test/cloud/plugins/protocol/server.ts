import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { Incomplete } from "./operations";
import type { Provider } from "./resource";
import { checkFailure, resourceHandlers } from "./resourceHandlers";
import { schemaOf } from "./schema";
import { fromStruct, isSame, isUnknown, mapProperties, type Properties, reveal, toStruct } from "./values";

/**
 * Serves a provider as Pulumi's engine starts plugins: the port goes to standard output. Raw gRPC, because the SDK's own
 * provider server knows neither previews nor detailed diffs nor the provider's configuration. What it accepts is what the
 * real, bridged providers accept: secrets and outputs stay in the engine, which marks outputs by the names of the inputs.
 */
export async function serve<Client>(provider: Provider<Client>): Promise<void> {
  console.log(await listen(provider));
  endWithEngine();
}

/** Serves a provider at a port of loopback, which it tells. */
export function listen<Client>(provider: Provider<Client>): Promise<number> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(ResourceProviderService, handlersOfEach(provider));
  return new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/**
 * An engine that was killed has no word for its plugins. Those of the SDK for Go ask for it now and then, and end without it:
 * https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/util/rpcutil/healthcheck.go
 */
function endWithEngine(): void {
  const engine = process.ppid;
  setInterval(() => process.ppid === engine || process.exit(1), 500).unref();
}

/** Each connection is a provider of its own, with the configuration that it is given: an engine opens one for each. */
function handlersOfEach<Client>(provider: Provider<Client>): IResourceProviderServer {
  const connections = new Map<string, Handlers>();
  const handler =
    (name: string): Handler =>
    (request, peer) => {
      // The first call of an engine that finds it running; the port may have been another one's.
      if (name === "attach") connections.delete(peer);
      const own = connections.get(peer) ?? handlers(provider);
      connections.set(peer, own);
      return own[name](request, peer);
    };
  const all = Object.keys(handlers(provider)).map((name) => [name, unary(handler(name))] as const);
  return Object.fromEntries(all) as unknown as IResourceProviderServer;
}

function handlers<Client>(provider: Provider<Client>): Handlers {
  let client: Client | undefined;
  const configured = (): Client => {
    if (!client) throw new Error(`stand-in: the ${provider.name} provider is not configured`);
    return client;
  };
  return {
    attach: () => new Empty(),
    cancel: () => new Empty(),
    getPluginInfo: () => {
      const info = new PluginInfo();
      info.setVersion(provider.version);
      return info;
    },
    getSchema: () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(schemaOf(provider));
      return response;
    },
    checkConfig: (request: messages.CheckRequest) => checkConfiguration(provider, request),
    diffConfig: diffConfiguration,
    configure: async (request: messages.ConfigureRequest) => {
      client = await provider.configure(parsed(provider, fromStruct(request.getArgs())));
      const response = new messages.ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    },
    invoke: async (request: messages.InvokeRequest) => {
      const lookUp = provider.lookUps[request.getTok()];
      if (!lookUp) throw new Error(`stand-in: function ${request.getTok()} is not implemented`);
      const response = new messages.InvokeResponse();
      response.setReturn(toStruct(await lookUp(fromStruct(request.getArgs()), configured())));
      return response;
    },
    call: (request: messages.CallRequest) => {
      const method = provider.methods[request.getTok()];
      if (!method) throw new Error(`unknown method token for Call ${request.getTok()}`);
      const response = new messages.CallResponse();
      response.setReturn(toStruct(method(configured())));
      return response;
    },
    ...resourceHandlers(provider, configured),
  } as Handlers;
}

type Handler = (request: unknown, peer: string) => unknown;
type Handlers = Record<string, Handler>;

const unary =
  (handler: Handler): grpc.handleUnaryCall<unknown, unknown> =>
  (call, callback) => {
    Promise.resolve(call.request)
      .then((request) => handler(request, call.getPeer()))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(failure(error)),
      );
  };

function failure(error: unknown): grpc.ServiceError {
  const metadata = new grpc.Metadata();
  const details = error instanceof Error ? error.message : String(error);
  if (error instanceof Incomplete) metadata.add("grpc-status-details-bin", incompleteDetails(error));
  return Object.assign(new Error(details), { code: grpc.status.UNKNOWN, details, metadata });
}

/** How gRPC carries more than a text: https://grpc.io/docs/guides/error/#richer-error-model */
function incompleteDetails(error: Incomplete): Buffer {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.outputs));
  detail.setInputs(toStruct({}));
  detail.setReasonsList([error.message]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(any);
  return Buffer.from(status.serializeBinary());
}

function checkConfiguration<Client>(
  provider: Provider<Client>,
  request: messages.CheckRequest,
): messages.CheckResponse {
  const inputs = fromStruct(request.getNews());
  const unsupported = Object.keys(inputs).filter((name) => !(name in provider.configuration));
  const failures = {
    ...Object.fromEntries(unsupported.map((name) => [name, `stand-in: input ${name} is not implemented`])),
    ...provider.checkConfiguration?.(parsed(provider, inputs)),
  };
  const response = new messages.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(Object.entries(failures).map(([name, reason]) => checkFailure(name, reason)));
  return response;
}

/** New settings of a provider replace no resource. */
function diffConfiguration(request: messages.DiffRequest): messages.DiffResponse {
  const old = request.getOldInputs() ?? request.getOlds();
  const response = new messages.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const isUnchanged = isSame(reveal(fromStruct(old)), reveal(fromStruct(request.getNews())));
  response.setChanges(isUnchanged ? DIFF_NONE : DIFF_SOME);
  return response;
}

function parsed<Client>({ configuration }: Provider<Client>, args: Properties): Properties {
  return mapProperties(args, (marked, name) => {
    const value = reveal(marked);
    return configuration[name] === "json" && typeof value === "string" && !isUnknown(value) ? JSON.parse(value) : value;
  });
}
