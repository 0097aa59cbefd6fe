import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { check, requiresDeleteBeforeReplace } from "./check";
import { create, planOf, preview, read, update } from "./operations";
import type { Difference, Plan } from "./plan";
import type { Provider, ResourceType } from "./resource";
import { fromStruct, toStruct } from "./values";

/** What the engine asks of resources, as messages. */
export function resourceHandlers<Client>(provider: Provider<Client>, client: () => Client): Record<string, unknown> {
  const typeOf = (request: { getUrn(): string }): ResourceType<Client> => {
    const token = request.getUrn().split("::")[2]?.split("$").pop() ?? "";
    const type = provider.resources[token];
    if (!type) throw new Error(`stand-in: resource type ${token} is not implemented`);
    return type;
  };
  return {
    check: (request: messages.CheckRequest) => {
      const name = request.getUrn().split("::").pop() ?? "";
      const checked = check(typeOf(request), name, fromStruct(request.getNews()), fromStruct(request.getOlds()));
      const response = new messages.CheckResponse();
      response.setInputs(toStruct(checked.inputs));
      response.setFailuresList(Object.entries(checked.failures).map(([key, reason]) => checkFailure(key, reason)));
      return response;
    },
    diff: (request: messages.DiffRequest) => {
      const type = typeOf(request);
      const inputs = fromStruct(request.getNews());
      const state = fromStruct(request.getOlds());
      const made = planOf(type, client(), { inputs, state, ignored: request.getIgnorechangesList() });
      const response = diffResponse(made);
      response.setDeletebeforereplace(
        response.getReplacesList().length > 0 && requiresDeleteBeforeReplace(type, inputs),
      );
      return response;
    },
    create: async (request: messages.CreateRequest) => {
      const type = typeOf(request);
      const inputs = fromStruct(request.getProperties());
      const response = new messages.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(toStruct(preview(type.attributes, planOf(type, client(), { inputs }))));
        return response;
      }
      const { id, outputs } = await create(type, client(), { inputs, urn: request.getUrn() });
      response.setId(id);
      response.setProperties(toStruct(outputs));
      return response;
    },
    read: async (request: messages.ReadRequest) => {
      const found = await read(typeOf(request), client(), {
        id: request.getId(),
        state: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      });
      const response = new messages.ReadResponse();
      if (!found) return response;
      response.setId(request.getId());
      response.setProperties(toStruct(found.outputs));
      response.setInputs(toStruct(found.inputs));
      return response;
    },
    update: async (request: messages.UpdateRequest) => {
      const type = typeOf(request);
      const step = {
        urn: request.getUrn(),
        id: request.getId(),
        inputs: fromStruct(request.getNews()),
        state: fromStruct(request.getOlds()),
        ignored: request.getIgnorechangesList(),
      };
      const response = new messages.UpdateResponse();
      const outputs = request.getPreview()
        ? preview(type.attributes, planOf(type, client(), step))
        : await update(type, client(), step);
      response.setProperties(toStruct(outputs));
      return response;
    },
    delete: async (request: messages.DeleteRequest) => {
      await typeOf(request).delete(request.getId(), fromStruct(request.getProperties()), client());
      return new Empty();
    },
  };
}

export function checkFailure(name: string, reason: string): messages.CheckFailure {
  const failure = new messages.CheckFailure();
  failure.setProperty(name);
  failure.setReason(reason);
  return failure;
}

function diffResponse({ differences }: Plan): messages.DiffResponse {
  const response = new messages.DiffResponse();
  const topLevel = (paths: string[]): string[] => [...new Set(paths.map((path) => path.split(".")[0] ?? path))].sort();
  const all = [...differences];
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  response.setChanges(all.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(topLevel(all.map(([path]) => path)));
  response.setReplacesList(topLevel(all.filter(([, { replaces }]) => replaces).map(([path]) => path)));
  response.setHasdetaileddiff(true);
  for (const [path, difference] of all) response.getDetaileddiffMap().set(path, propertyDiff(difference));
  return response;
}

function propertyDiff({ kind, replaces }: Difference): messages.PropertyDiff {
  const { Kind } = messages.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  } as const;
  const diff = new messages.PropertyDiff();
  diff.setKind(kinds[kind][replaces ? 1 : 0]);
  return diff;
}
