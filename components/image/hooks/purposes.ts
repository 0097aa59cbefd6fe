import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import type { BaseImageAnswers } from "../../baseImages/ask";
import { checkBaseImages } from "../../baseImages/checkBaseImages";
import { isGitLocation } from "../../context/git";
import { type Progress, reportWhile } from "../../support/progress";
import { areOnThisMachine } from "../../nodes/kinds";
import { platformsOf } from "../../session/placement";
import type { Attempt, BuildSession } from "../../session/session";
import type { Builder } from "../../builder/builder";
import { cacheServers } from "../caches/cacheServers";
import { checkBuildKit, checkDockerContext } from "./dockerConfig";
import { allLogins } from "./dockerProvider";
import type { ImageBuild } from "./imageBuild";
import { refuseWithoutEngine } from "./loadEngine";
import { say } from "../../pulumi/log";
import { allPlatforms, isNativeOn, type Platform } from "../../support/platforms";
import { attachIfAsked, refuseUnlessRecorded } from "./provenance";
import { refuseIdentityToken, refuseWithoutIndexLogin } from "../../registry/indexLogin";
import { isRegistrySilent } from "../../registry/registrySilence";
import { imageName } from "../../arguments/imageName";
import type { LastTimes } from "../../insights/lastTimes";
import type { ImagePurpose } from "../../insights/watched";
import { resolved } from "../../pulumi/resolved";
import { whyBuilt, whyIndexBuilt } from "./why";

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
  /** How long the last build took, as far as this machine knows. */
  last?: LastTimes;
}

/** What an image's hooks do and say, by what the image is. */
interface HookPhases {
  /** What the log calls the build: `building image api: …`. */
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
      await reportWhile("asking whether the registry takes the login", checkLogin(step, inputs), step.progress);
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
    why: whyIndexBuilt,
    wakes: wokenForIndex,
    before: async ({ build, session, progress }, inputs) =>
      withGoal(await session.prepareIndex(build.platforms, wokenForIndex(build), progress), build, inputs),
    after: concludePush,
    explain: explainMissing,
  },
};

async function prepareBuild(step: BuildStep, inputs: pulumi.Inputs): Promise<Attempt> {
  const { owner, build, session, progress, last } = step;
  checkDockerContext(owner);
  checkBuildKit(owner);
  if (await resolved(pulumi.output((inputs as Pick<dockerBuild.ImageArgs, "load">).load))) {
    const answered = refuseWithoutEngine(owner, (await build.provider?.())?.host);
    await reportWhile("asking the Docker engine", answered, progress);
  }
  await checkBases(step);
  refuseUnlessRecorded(owner, build, session);
  return withGoal(await session.prepare(build.platforms, progress, last?.wakeSeconds), build, inputs);
}

/** The attempt, with where its image goes to. */
async function withGoal(attempt: Attempt, build: ImageBuild, inputs: pulumi.Inputs): Promise<Attempt> {
  const { context, tags, exports, registries, load, cacheTo } = inputs as Pick<
    dockerBuild.ImageArgs,
    "context" | "tags" | "exports" | "registries" | "load" | "cacheTo"
  >;
  // An image of one platform pushes by digest, to the repository of the whole image's tags.
  const given = pulumi.output({ tags: tags ?? build.checkedArgs?.tags, context, exports, registries, load, cacheTo });
  const { context: built, registries: own, load: isLoaded, cacheTo: caches = [], ...named } = await resolved(given);
  const gitSource = built && isGitLocation(built.location) ? built.location : undefined;
  const tag = imageName(named.tags, named.exports);
  const logins = await allLogins(build, own);
  const { insecureRegistries = [] } = build;
  const isSilent = tag && (() => isRegistrySilent(tag, logins, insecureRegistries));
  const goal = {
    gitSource,
    isLoaded,
    hasLogins: logins.length > 0,
    cacheServers: cacheServers(caches, insecureRegistries),
  };
  return Object.assign(attempt, goal, isSilent && { isRegistrySilent: isSilent });
}

async function concludePush(step: BuildStep, inputs: pulumi.Inputs, outputs: pulumi.Inputs): Promise<void> {
  step.build.wasPushedNow = true;
  await attachIfAsked(step, inputs, outputs);
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
  const isOnThisMachine = areOnThisMachine(nodes);
  const warn = (message: string) => void say("warn", message, component);
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
