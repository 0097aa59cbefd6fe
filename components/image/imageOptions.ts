import * as pulumi from "@pulumi/pulumi";

/** docker-build's own resource, of which the images inside a component are. */
const dockerBuildImage = "docker-build:index:Image";

/** What of a component's options its images get, which Pulumi does not hand on to children by itself. */
export type ImageOptions = Pick<
  pulumi.CustomResourceOptions,
  "aliases" | "customTimeouts" | "ignoreChanges" | "replaceOnChanges"
>;

type ComponentAlias = NonNullable<pulumi.ComponentResourceOptions["aliases"]>[number];

/** The component's own options: without aliases of a docker-build image, which no component ever was. */
export function componentOptions(opts: pulumi.ComponentResourceOptions = {}): pulumi.ComponentResourceOptions {
  return { ...opts, aliases: opts.aliases?.filter((alias) => !isImageAlias(alias)) };
}

/**
 * The options of the image that has the tags. Its aliases are of what it may have been before: a docker-build image of the
 * same name in the component's place, and those that the user names. Without them Pulumi would take that image for one that
 * is not needed any more, and docker-build would delete its digest from the registry, where the new image may be the same:
 * https://github.com/pulumi/pulumi-docker-build/issues/581
 */
export function imageOptions(name: string, adopt: boolean, opts: pulumi.ComponentResourceOptions = {}): ImageOptions {
  const { aliases = [], customTimeouts, ignoreChanges, replaceOnChanges } = opts;
  const parent = opts.parent ?? pulumi.rootStackResource;
  const given = aliases
    .filter(isImageAlias)
    .map((alias) => (typeof alias === "string" ? alias : { name, parent, ...alias, type: dockerBuildImage }));
  const former = adopt ? [{ name, parent }] : [];
  return { aliases: [...given, ...former], customTimeouts, ignoreChanges, replaceOnChanges };
}

/** A text or a type that is an output is Pulumi's to read: it stays with the component. */
function isImageAlias(alias: ComponentAlias): alias is pulumi.URN | pulumi.Alias {
  if (typeof alias === "string") {
    return alias.split("::")[2]?.split("$").at(-1) === dockerBuildImage;
  }
  return "type" in alias && alias.type === dockerBuildImage;
}
