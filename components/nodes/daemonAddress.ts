/** The port of buildkitd on nodes that are made here. */
export const buildkitPort = 1234;

/** The name in the certificate of every such node: their addresses change. One CA per builder distinguishes builders. */
export const nodeServerName = "node.multi-platform-image.internal";
