import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import type { BaseImageAnswers } from "./baseImages/ask";
import { checkBaseImages } from "./baseImages/check";
import type { Progress } from "./build/node";
import { platformsOf } from "./build/placement";
import type { Attempt, BuildSession } from "./build/session";
import type { Builder } from "./builder";
import { checkBuildKit, checkDockerContext } from "./dockerConfig";
import type { DockerProvider } from "./dockerProvider";
import type { ImageInsights, WatchedBuild } from "./insights/imageInsights";
import { refuseWithoutEngine } from "./loadEngine";
import { allPlatforms, isNativeOn, type Platform } from "./platforms";
import { attachIfAsked, refuseUnlessRecorded } from "./provenance/hook";
import type { ProvenanceMode } from "./provenance/statement";
import type { RegistryLogin } from "./registry/credentials";
import { refuseIdentityToken, refuseWithoutIndexLogin } from "./registry/indexLogin";
import { isRegistrySilent } from "./registrySilence";
import { resolved } from "./resolved";
import { whyBuilt, whyJoined } from "./why";

/** What one of docker-build's images is: all of an image, one platform of it, or what puts its platforms together. */
export type ImagePurpose = "image" | "platform" | "index";

/** What the hooks of one image know of its build. */
export interface ImageBuild {
  readonly platforms: readonly Platform[];
  /** Registries without TLS, as the builder's nodes have them. */
  readonly insecureRegistries?: readonly string[];
  /** What its base images are found by; none where they are not checked. */
  readonly checkedArgs?: dockerBuild.ImageArgs;
  /** What the docker-build provider that builds it is configured with. */
  readonly provider?: () => Promise<DockerProvider>;
  /** How much provenance is attached to what is pushed; none where none is. */
  readonly provenance?: ProvenanceMode;
  /** Set once this `up` has built and pushed. */
  wasPushedNow: boolean;
  attempt?: Attempt;
  /** What a report of it is made with; none where none is wanted. */
  readonly insights?: ImageInsights;
  watched?: WatchedBuild;
}

/** What the phases of a build have at hand. */
export interface BuildStep {
  component: pulumi.Resource;
  baseImages: BaseImageAnswers;
  /** What errors begin with: `MultiPlatformImage api`. */
  owner: string;
  builder: Builder;
  build: ImageBuild;
  session: BuildSession;
  progress: Progress;
}

/** What an image's hooks do and say, by what the image is. */
interface HookPhases {
  /** What is told of the build: `building image api: …`. */
  subject: (name: string) => string;
  why: typeof whyBuilt;
  /** The platforms whose nodes the build wakes. */
  wakes: (build: ImageBuild) => readonly Platform[];
  before: (step: BuildStep, inputs: pulumi.Inputs) => Promise<Attempt>;
  after: (step: BuildStep, inputs: pulumi.Inputs, outputs: pulumi.Inputs) => Promise<void>;
  /** What an error means that the session has no words for. */
  explain: (error: string) => string | undefined;
}

/** What building an image and building one platform of it have in common. */
const built: Omit<HookPhases, "before" | "after"> = {
  subject: (name) => `image ${name}`,
  why: whyBuilt,
  wakes: ({ platforms }) => platforms,
  explain: () => undefined,
};

export const hookPhases: Record<ImagePurpose, HookPhases> = {
  image: {
    ...built,
    before: async (step, inputs) => {
      await checkLogin(step, inputs);
      return prepareBuild(step, inputs);
    },
    after: concludePush,
  },
  platform: {
    ...built,
    before: prepareBuild,
    after: () => Promise.resolve(),
  },
  index: {
    subject: (name) => `index of image ${name}`,
    why: whyJoined,
    wakes: wokenForIndex,
    before: async ({ build, session, progress }, inputs) =>
      withGoal(await session.prepareIndex(build.platforms, wokenForIndex(build), progress), build, inputs),
    after: concludePush,
    explain: explainMissing,
  },
};

async function prepareBuild(step: BuildStep, inputs: pulumi.Inputs): Promise<Attempt> {
  const { owner, build, session, progress } = step;
  checkDockerContext(owner);
  checkBuildKit(owner);
  if (await resolved(pulumi.output((inputs as Pick<dockerBuild.ImageArgs, "load">).load))) {
    await refuseWithoutEngine(owner, (await build.provider?.())?.host);
  }
  await checkBases(step);
  refuseUnlessRecorded(owner, build, session);
  return withGoal(await session.prepare(build.platforms, progress), build, inputs);
}

/** The attempt, with where its image goes to. */
async function withGoal(attempt: Attempt, build: ImageBuild, inputs: pulumi.Inputs): Promise<Attempt> {
  const { tags, registries, load } = inputs as Pick<dockerBuild.ImageArgs, "tags" | "registries" | "load">;
  // An image of one platform pushes by digest, to the repository of the whole image's tags.
  const given = pulumi.output({ tags: tags ?? build.checkedArgs?.tags, registries, load });
  const { tags: [tag] = [], registries: own, load: isLoaded } = await resolved(given);
  const logins = await allLogins(build, own);
  const isSilent = tag && (() => isRegistrySilent(tag, logins, build.insecureRegistries ?? []));
  const hasLogins = logins.length > 0;
  return Object.assign(attempt, { isLoaded, hasLogins }, isSilent && { isRegistrySilent: isSilent });
}

/** The logins of an image's arguments, before those of its provider. */
export async function allLogins(
  { provider }: Pick<ImageBuild, "provider">,
  own: readonly RegistryLogin[] = [],
): Promise<RegistryLogin[]> {
  return [...own, ...((await provider?.())?.logins ?? [])];
}

async function concludePush(
  { component, build, session }: BuildStep,
  inputs: pulumi.Inputs,
  outputs: pulumi.Inputs,
): Promise<void> {
  build.wasPushedNow = true;
  await attachIfAsked(component, build, session, inputs, outputs);
}

/** One node pushes an index. What all of them recorded is needed for provenance. */
function wokenForIndex({ platforms, provenance }: ImageBuild): readonly Platform[] {
  return provenance ? platforms : platforms.slice(0, 1);
}

function explainMissing(error: string): string | undefined {
  return /sha256:[0-9a-f]{64}: not found|manifest unknown/.test(error)
    ? "What the nodes have pushed for a platform is no longer in the registry. Fix: build the platforms again, with " +
        "`pulumi up --replace` and the URNs of the images of the platforms."
    : undefined;
}

/** Before any node is called: a base image without the platform is no reason to wake one. */
async function checkBases({ component, baseImages, owner, builder, build, progress }: BuildStep): Promise<void> {
  const { platforms, checkedArgs } = build;
  if (!checkedArgs) {
    return;
  }
  const nodes = await resolved(builder.nodes);
  const { context, dockerfile, buildArgs, target, registries } = checkedArgs;
  const { registries: own, ...inputs } = await resolved(
    pulumi.output({ context, dockerfile, buildArgs, target, registries }),
  );
  const buildPlatform = (platform: Platform) => {
    const node = nodes.find((each) => platformsOf(each).includes(platform));
    // A node that is not native is this machine's own daemon.
    return node?.native === false ? allPlatforms.find((each) => isNativeOn(each, process.arch)) : node?.platform;
  };
  const isOnThisMachine = nodes.every(({ kind }) => kind === "local");
  const warn = (message: string) => void pulumi.log.warn(message, component);
  const logins = await allLogins(build, own);
  const checked = { owner, platforms, buildPlatform, isOnThisMachine, registries: logins, ...inputs };
  await checkBaseImages(checked, baseImages, progress, warn);
}

async function checkLogin({ owner, build, session }: BuildStep, inputs: pulumi.Inputs): Promise<void> {
  const args = inputs as Pick<dockerBuild.ImageArgs, "push" | "tags" | "registries">;
  const given = await resolved(pulumi.output({ push: args.push, tags: args.tags, registries: args.registries }));
  if (!given.push) {
    return;
  }
  const { tags = [], registries: logins = [] } = given;
  const pushed = { owner, tags, logins, providerLogins: await allLogins(build) };
  await refuseIdentityToken(pushed);
  if (session.nodeCount(build.platforms) > 1) {
    const whole = (["cacheTo", "exec"] as const).find((name) => inputs[name]);
    await refuseWithoutIndexLogin({ ...pushed, whole });
  }
}
