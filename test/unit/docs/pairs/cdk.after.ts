import { Repository } from "@pulumi/aws/ecr";
import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const repository = new Repository("mail");
const tags = [pulumi.interpolate`${repository.repositoryUrl}:1.0`]; // leave them out for a tag of each content
const image = new MultiPlatformImage("mail", { context: "./app", repository, tags, builder });
export const ref = image.ref;
