import type { TlsMaterial } from "../../transport/endpoint";
import type { RemoteDriver } from "./arguments";

/** A remote node's arguments, resolved: what hooks need of it. */
export interface RemoteFacts {
  kind: "remote";
  endpoint: string;
  tls?: TlsMaterial;
  driver?: RemoteDriver;
  image?: string;
}
