/** What other tools call an argument, and what to write here. Below a list or an object with its name before. */
export type OtherNames = Readonly<Record<string, string>>;

/** Of the images of `@pulumi/docker`, awsx and CDK, of buildx, Compose and build-push-action. */
export const otherImageNames: OtherNames = {
  args: "take `buildArgs`",
  build: "what is in it are arguments of the image itself: `context`, `buildArgs`, `target`, `dockerfile`",
  directory: "take `context`",
  extraOptions: "buildx's options are arguments: `platforms`, `buildArgs`, `target`, `secrets`",
  file: "take `dockerfile`",
  idleTimeoutMinutes: "it is the builder's: `builder: { idleTimeoutMinutes }`",
  imageName: 'take `tags`, a list: ["ghcr.io/acme/api:1.0"]',
  imageTag: "take `tags`, a list; without it `repository` makes a tag of its own for each content",
  lifecycle: "it is the builder's: `builder: { lifecycle }`",
  nodes: "they are the builder's: `builder: { nodes }`",
  outputs: "take `exports`; a push needs none",
  path: "take `context`",
  platform: 'take `platforms`, a list: ["linux/arm64"]',
  registry: "take `registries`, a list: [{ address, username, password }]",
  repositoryUrl: "take `repository: { repositoryUrl }`",
  sbom: "docker-build has none: attach one to the pushed image (docs/recipes.md)",
  skipPush: "take `push: false`",
  "registries.host": "take `address`",
  "registries.registry": "take `address`",
  "registries.server": "take `address`",
  "registries.token": "take `password`",
  "registries.url": "take `address`",
  "registries.user": "take `username`",
};

/** Of buildx's own command line, and of other levels of a builder. */
export const otherBuilderNames: OtherNames = {
  instanceType: "it is a node's: `nodes: [{ instanceType, … }]`",
  platforms: "each node has one: `nodes: [{ platform, … }]`",
  "nodes.address": "take `endpoint`, of a node of kind remote",
  "nodes.arch": "take `platform`",
  "nodes.host": "take `endpoint`, of a node of kind remote",
  "nodes.platforms": "take `platform`, and `additionalPlatforms` for what the node builds besides",
};
