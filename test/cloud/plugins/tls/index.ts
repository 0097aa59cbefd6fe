import type { Provider } from "../protocol/resource";
import { packageVersion } from "../versions";
import { certRequest } from "./certRequest";
import { locallySignedCert } from "./locallySignedCert";
import { privateKey } from "./privateKey";
import { selfSignedCert } from "./selfSignedCert";

/** Stands in for the real TLS provider, which needs no cloud, but is served from where only some machines can get it. */
export const tls: Provider<object> = {
  name: "tls",
  version: packageVersion("@pulumi/tls"),
  configuration: { version: "text" },
  configure: () => Promise.resolve({}),
  resources: {
    "tls:index/certRequest:CertRequest": certRequest,
    "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
    "tls:index/privateKey:PrivateKey": privateKey,
    "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
  },
  lookUps: {},
  methods: {},
};
