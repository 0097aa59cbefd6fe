import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

import type { Environment } from "./environments";
import type { Machine } from "./machine";

const services = ["api", "worker"];

/** The program of a stack. What runs the images in that environment goes below them, and gets their `repoDigest`. */
export function programOf(stack: string, { logLevel }: Environment, { registry, username, token, nodes }: Machine) {
  return async () => {
    // Here, and not outside: it is a resource of this stack.
    const builder = new Builder("builders", { nodes });
    const images = services.map((service) => {
      const image = new MultiPlatformImage(service, {
        // From this file, wherever the process was started.
        context: path.join(__dirname, "services", service),
        tags: [`${registry}/${username}/${service}:${stack}`],
        buildArgs: { LOG_LEVEL: logLevel },
        registries: [{ address: registry, username, password: pulumi.secret(token) }],
        builder,
      });
      return [service, image.repoDigest] as const;
    });
    return Object.fromEntries(images);
  };
}
