import type { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import { Builder } from "../builder/builder";
import type { BuilderArgs } from "../builder/builderArguments";
import { exportCaches, splitCaches } from "./declareCaches";
import { prepareContext } from "./context/prepare";
import { defaultBuilder, type FirstImage } from "../builder/defaultBuilder";
import { warnIfNotDeleted } from "./deletion";
import { checkedOutputs } from "./digests";
import { checkCredentialStore } from "./hooks/dockerConfig";
import { dockerProviderOf } from "./hooks/dockerProvider";
import { argumentError } from "../support/errors";
import type { ImageBuild } from "./hooks/imageBuild";
import type { MultiPlatformImageArgs } from "./arguments/imageArguments";
import { normaliseImage } from "./normaliseImage";
import type { BuildCost } from "../insights/cost";
import { insightsOf, keptReport } from "./declareInsights";
import type { ImageInsights } from "../insights/imageInsights";
import type { BuildReport } from "../insights/report";
import { componentOptions, imageOptions } from "./imageOptions";
import type { ImageOutput, ImageOutputs } from "./imageOutputs";
import { failTestsOf, isMocked } from "../pulumi/mocks";
import { declareImage } from "./declare";
import type { PlatformDigests } from "../registry/manifest";
import { withRepository } from "./repository/ecr";
import { asResourceError } from "../pulumi/resourceError";
import { checkPlacement } from "../builder/checkNodes";

const imageType = "multi-platform-image:index:MultiPlatformImage";

/**
 * An image for several platforms, each built natively on its own node of one builder, pushed as one index.
 *
 * ```ts
 * const image = new MultiPlatformImage("api", {
 *   context: "./api",
 *   tags: ["ghcr.io/acme/api:1.0"],
 *   builder: { nodes: [arm64Node, amd64Node] },
 * });
 * export const digest = image.indexDigest;
 * ```
 */
export class MultiPlatformImage extends pulumi.ComponentResource {
  /**
   * The digest of the pushed index, `sha256:…`, checked to hold every platform. With one platform it is the digest of
   * the manifest, because that is what is pushed.
   */
  public readonly indexDigest: pulumi.Output<string>;
  /**
   * docker-build's own resource, which has the tags. Where several nodes push with `registries` or `repository`, each
   * platform is one of its own beside it (`api-linux-arm64`), and this one puts together what they have pushed.
   */
  public readonly image: Image;
  /** The builder, where it is one of ours. */
  public readonly builder: Builder | undefined;
  private readonly insights: ImageInsights | undefined;
  private readonly keptReport: () => pulumi.Output<BuildReport | undefined>;
  private kept?: pulumi.Output<BuildReport | undefined>;
  private readonly read: <Name extends ImageOutput>(output: Name) => pulumi.Output<ImageOutputs[Name]>;

  /**
   * @throws pulumi.ResourceError for a wrong platform, tag, context or Dockerfile, for a push without a tag, for `load`
   * with two platforms, and for a platform without a node: all before the first resource.
   */
  constructor(name: string, args: MultiPlatformImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super(imageType, name, {}, componentOptions(opts));
    const { platforms, builder, repository, checkBaseImages, provenance, ...normal } = asResourceError(this, () =>
      normaliseImage(name, args),
    );
    if (isMocked()) {
      failTestsOf(name);
    } else {
      asResourceError(this, () => checkCredentialStore(`MultiPlatformImage ${name}`));
    }
    const { retainOnDelete, adopt } = normal;
    const first = { name, platforms, hasRepository: repository !== undefined };
    const { own, builderName } = resolveBuilder(this, first, builder);
    this.builder = own;
    warnIfNotDeleted(this, {
      retainOnDelete,
      tags: [normal.imageArgs.tags].flat().filter((tag) => typeof tag === "string"),
      hasRepository: repository !== undefined,
      insecureRegistries: own?.insecureRegistries ?? [],
    });
    const prepared = prepareContext(this, name, normal.imageArgs, normal.stageContext);
    const { imageArgs: withoutCaches, cacheTo } = splitCaches(prepared, platforms);
    // A preview wakes no node, and docker-build would fail where it asks for the builder.
    const ownArgs = { ...withoutCaches, ...(own && { buildOnPreview: false }), builder: { name: builderName } };
    const { imageArgs, generation } = repository
      ? withRepository(this, name, repository, ownArgs)
      : { imageArgs: ownArgs, generation: undefined };
    this.insights = own && insightsOf(this, name, normal);
    const build: ImageBuild = {
      platforms,
      insights: this.insights,
      insecureRegistries: own?.insecureRegistries,
      wasPushedNow: false,
      provider: () => dockerProviderOf(this),
      provenance,
      checkedArgs: checkBaseImages ? imageArgs : undefined,
    };
    const options = { ...imageOptions(name, adopt, opts), retainOnDelete };
    const declared = declareImage({ component: this, name, builder: own, imageArgs, build, options });
    this.image = declared.image;
    if (cacheTo) {
      exportCaches(this, name, cacheTo, { image: this.image, imageArgs, platforms, builder: own });
    }
    const outputs = checkedOutputs({ component: this, name, declared, args: imageArgs, build, generation });
    this.read = (output) => outputs.read(output);
    this.keptReport = () => keptReport(this, name, declared, this.insights);
    this.indexDigest = this.read("indexDigest");
    this.registerOutputs(outputs.registered);
  }

  /**
   * The first tag with the digest: `ghcr.io/acme/api:1.0@sha256:…`. What ECS, Kubernetes and Cloud Run should run. With
   * `exports` that push and no `tags`, the first name of the export. It moves when the tag does, also for the same digest: see
   * {@link MultiPlatformImage.repoDigest}.
   *
   * With `push: false` it is a tag without a digest, as docker-build has it; an error, if it is used, when there is no tag.
   */
  get ref(): pulumi.Output<string> {
    return this.read("ref");
  }

  /**
   * The repository with the digest, without a tag: `ghcr.io/acme/api@sha256:…`. It moves when the content does, and not when
   * another commit only changes the tag. An error, if it is used, when nothing is pushed.
   */
  get repoDigest(): pulumi.Output<string> {
    return this.read("repoDigest");
  }

  /**
   * The repository of the first tag: `ghcr.io/acme/api`. For what takes repository, tag and digest as separate values, as those of Helm
   * charts do. Known once the image is pushed. An error, if it is used, when there is no tag.
   */
  get repositoryUrl(): pulumi.Output<string> {
    return this.read("repositoryUrl");
  }

  /**
   * The first tag, without its repository: `1.0`; with `repository` and no `tags`, the one that was made of the content. Known
   * once the image is pushed. An error, if it is used, when there is no tag.
   */
  get tag(): pulumi.Output<string> {
    return this.read("tag");
  }

  /**
   * The digest of each platform's manifest: `{ "linux/arm64": "sha256:…" }`. An error, if it is used, when nothing is
   * pushed or the registry can't be asked.
   */
  get platformDigests(): pulumi.Output<PlatformDigests> {
    return this.read("platformDigests");
  }

  /**
   * Each platform's own image: `{ "linux/arm64": "ghcr.io/acme/api@sha256:…" }`. For what takes no index, as AWS Lambda. An
   * error, if it is used, when nothing is pushed or the registry can't be asked.
   */
  get platformRefs(): pulumi.Output<Record<string, string>> {
    return this.read("platformRefs");
  }

  /**
   * What the build did that made this image: seconds, cache, the first step that was not cached and why, cost. No value of an
   * argument and no secret is in it. It stays as it is until a build makes another digest. A resource of its own, `NAME-report`,
   * keeps it; a program has this resource if it asks for this output or for `cost`. `undefined` with `builder: { name }`, with `report: false`,
   * and, until the image is built again, if the program did not ask for it when the image was built.
   */
  get report(): pulumi.Output<BuildReport | undefined> {
    this.kept ??= this.keptReport();
    return this.kept;
  }

  /**
   * What that build cost: seconds of nodes, and dollars where a price is known. As `report`, of which it is a part.
   */
  get cost(): pulumi.Output<BuildCost | undefined> {
    return this.report.apply((report) => report?.cost);
  }
}

function resolveBuilder(
  image: MultiPlatformImage,
  first: FirstImage,
  builder: MultiPlatformImageArgs["builder"],
): { own: Builder | undefined; builderName: pulumi.Input<string> } {
  asResourceError(image, () => refuseOtherResource(first.name, builder));
  if (builder && !(builder instanceof Builder) && "name" in builder) {
    return { own: undefined, builderName: builder.name };
  }
  const own = ownBuilder(image, first, builder);
  if (own.declaredNodes.length > 0) {
    asResourceError(image, () =>
      checkPlacement(`MultiPlatformImage ${first.name}`, own.declaredNodes, first.platforms),
    );
  }
  return { own, builderName: own.builderNameFor(image) };
}

/** `instanceof` does not know a class of another copy of this package. */
function refuseOtherResource(name: string, builder: unknown): void {
  if (pulumi.Resource.isInstance(builder) && !(builder instanceof Builder)) {
    const remedy = "it is of another class, or of another copy of this package (`npm ls pulumi-multi-platform-image`)";
    throw argumentError(`MultiPlatformImage ${name}`, "builder", "a resource", remedy);
  }
}

function ownBuilder(image: MultiPlatformImage, first: FirstImage, builder: Builder | BuilderArgs | undefined): Builder {
  if (builder instanceof Builder) {
    return builder;
  }
  return builder ? new Builder(`${first.name}-builder`, builder, { parent: image }) : defaultBuilder(image, first);
}
