import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const image = new MultiPlatformImage("web", { tags: ["ghcr.io/acme/web:1.0"], context: "./app", builder });
export const ref = image.ref;
