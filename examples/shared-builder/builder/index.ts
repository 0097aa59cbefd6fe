import { Builder } from "pulumi-multi-platform-image";

// A Graviton and an x86 instance, which stop when they are idle and start with the next build, whoever's it is.
const builder = new Builder("team");

/** What other stacks need to build here. A secret: Pulumi keeps it encrypted, in this stack and in those that read it. */
export const connection = builder.connection;
