import { Repository } from "@pulumi/aws/ecr";
import { MultiPlatformImage } from "pulumi-multi-platform-image";

const repository = new Repository("api");
const image = new MultiPlatformImage("api", { context: "./app", repository });
export const ref = image.ref;
