import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  type ImageTagMutability,
  ListTagsForResourceCommand,
  PutImageTagMutabilityCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-ecr";

import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { fromTagList, tagged, toTagList } from "../tags";

type Repository = {
  forceDelete?: boolean;
  imageTagMutability?: ImageTagMutability;
  name: string;
  tagsAll?: Record<string, string>;
};

const type: ResourceType<Aws> = {
  autoName: { maxLength: 256, isLowerCase: true },
  attributes: {
    arn: { kind: "computed" },
    forceDelete: { kind: "optional" },
    imageTagMutability: { kind: "optional", default: "MUTABLE" },
    name: { kind: "optional computed", replaces: true },
    registryId: { kind: "computed" },
    repositoryUrl: { kind: "computed" },
  },
  async create(planned: Repository, { ecr }) {
    const { name, imageTagMutability } = planned;
    await ecr
      .send(
        new CreateRepositoryCommand({
          repositoryName: name,
          imageTagMutability,
          tags: toTagList(planned.tagsAll),
        }),
      )
      .catch(during(`creating ECR Repository (${name})`));
    return { id: name };
  },
  async read(id, _state, { ecr }) {
    const answer = await ecr
      .send(new DescribeRepositoriesCommand({ repositoryNames: [id] }))
      .catch(unless("RepositoryNotFoundException"))
      .catch(during(`reading ECR Repository (${id})`));
    const repository = answer?.repositories?.[0];
    if (!repository) return undefined;
    const { tags } = await ecr.send(new ListTagsForResourceCommand({ resourceArn: repository.repositoryArn }));
    return {
      arn: repository.repositoryArn,
      imageTagMutability: repository.imageTagMutability,
      name: repository.repositoryName,
      registryId: repository.registryId,
      repositoryUrl: `${registryHost(repository.repositoryUri)}/${id}`,
      tagsAll: fromTagList(tags),
    };
  },
  async update(id, { planned, changed }, { ecr }) {
    if (!changed.has("imageTagMutability")) return;
    const { imageTagMutability } = planned as Repository;
    await ecr
      .send(new PutImageTagMutabilityCommand({ repositoryName: id, imageTagMutability }))
      .catch(during(`updating ECR Repository (${id}): setting image tag mutability`));
  },
  async delete(id, state, { ecr }) {
    await ecr
      .send(new DeleteRepositoryCommand({ repositoryName: id, force: (state as Repository).forceDelete ?? false }))
      .catch(unless("RepositoryNotFoundException"))
      .catch(during(`deleting ECR Repository (${id})`));
  },
};

export const repository = tagged(type, async ({ ecr }, _id, add, remove, { arn }) => {
  const resourceArn = String(arn);
  if (remove.length > 0) await ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: remove }));
  if (Object.keys(add).length > 0) await ecr.send(new TagResourceCommand({ resourceArn, tags: toTagList(add) }));
});

/** The tests' registry, where there is one: the emulator has repositories, and no registry behind them. */
export const registryHost = (uri = ""): string => process.env.STANDIN_ECR_HOST ?? uri.split("/")[0] ?? "";
