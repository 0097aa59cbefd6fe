/** A builder's certificates, without the rest of it: the CA bundle, and a leaf of each kind. */
import * as pulumi from "@pulumi/pulumi";

import { createAuthority, issueLeaf } from "../../../components/nodes/ec2/declare/authority";

const builder = new pulumi.ComponentResource("multi-platform-image:index:Builder", "builders");
const opts = { parent: builder };
const authority = createAuthority("builders", opts);
const issued = {
  ca: authority.certs,
  client: issueLeaf("builders-client", authority, { for: "client_auth" }, opts),
  node: issueLeaf("builders-amd64", authority, { for: "server_auth", dnsName: "node.internal" }, opts),
};
module.exports = { issued: pulumi.secret(issued) };
