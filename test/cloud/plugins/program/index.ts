import * as fs from "node:fs";

import * as ebs from "@pulumi/aws/ebs/volume";
import { Instance } from "@pulumi/aws/ec2/instance";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { Provider } from "@pulumi/aws/provider";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule";
import * as pulumi from "@pulumi/pulumi";
import { CertRequest } from "@pulumi/tls/certRequest";
import { LocallySignedCert } from "@pulumi/tls/locallySignedCert";
import { PrivateKey } from "@pulumi/tls/privateKey";
import { SelfSignedCert } from "@pulumi/tls/selfSignedCert";

/** What a test changes between two steps. */
export interface Settings {
  instanceType: string;
  userData: string;
  userDataReplaceOnChange?: boolean;
  volumeSize: number;
  note: string;
  earlyRenewalHours: number;
  /** An explicit provider that assumes a role. */
  role?: { arn: string; endpoint: string; accessKey: string; secretKey: string };
  ami: string;
  /** An argument that the stand-in does not know. */
  monitoring?: boolean;
}

const settings = JSON.parse(fs.readFileSync("settings.json", "utf8")) as Settings;

const assumed = settings.role && {
  provider: new Provider("explicit", {
    region: "us-east-1",
    accessKey: settings.role.accessKey,
    secretKey: settings.role.secretKey,
    allowedAccountIds: ["123456789012"],
    assumeRoles: [{ roleArn: settings.role.arn, sessionName: "tests", externalId: "outside" }],
    defaultTags: { tags: { team: "builds" } },
    endpoints: [
      Object.fromEntries(
        ["ec2", "ecr", "iam", "ssm", "sts"].map((service) => [service, settings.role?.endpoint ?? ""]),
      ),
    ],
  }),
};

const tags = { note: settings.note };

const caKey = new PrivateKey("ca", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const ca = new SelfSignedCert("ca", {
  privateKeyPem: caKey.privateKeyPem,
  subject: { commonName: "tests CA" },
  isCaCertificate: true,
  allowedUses: ["cert_signing"],
  validityPeriodHours: 24,
});
const key = new PrivateKey("server", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const request = new CertRequest("server", {
  privateKeyPem: key.privateKeyPem,
  subject: { commonName: "server" },
  dnsNames: ["node.internal"],
});
const certificate = new LocallySignedCert("server", {
  certRequestPem: request.certRequestPem,
  caPrivateKeyPem: caKey.privateKeyPem,
  caCertPem: ca.certPem,
  allowedUses: ["digital_signature", "server_auth"],
  validityPeriodHours: 12,
  earlyRenewalHours: settings.earlyRenewalHours,
});

const role = new Role("node", {
  assumeRolePolicy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
  }),
});
new RolePolicy("node", {
  role: role.name,
  policy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "ssm:GetParameters", Resource: "*" }],
  }),
});
const profile = new InstanceProfile("node", { role: role.name });

const group = new SecurityGroup("nodes", { description: "tests" }, assumed);
new SecurityGroupEgressRule("all", { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }, assumed);

const instance = new Instance("node", {
  ami: settings.ami,
  instanceType: settings.instanceType,
  vpcSecurityGroupIds: [group.id],
  iamInstanceProfile: profile.name,
  userData: settings.userData,
  userDataReplaceOnChange: settings.userDataReplaceOnChange,
  instanceInitiatedShutdownBehavior: "stop",
  rootBlockDevice: { volumeSize: 12, volumeType: "gp3", encrypted: true },
  metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
  monitoring: settings.monitoring,
  tags,
});
const volume = new ebs.Volume("cache", {
  availabilityZone: instance.availabilityZone,
  size: settings.volumeSize,
  type: "gp3",
  encrypted: true,
  tags,
});
new VolumeAttachment(
  "cache",
  {
    deviceName: "/dev/sdf",
    instanceId: instance.id,
    volumeId: volume.id,
    stopInstanceBeforeDetaching: true,
  },
  // A volume is attached to one instance at a time.
  { deleteBeforeReplace: true },
);
new Parameter("lease", { name: "/tests/lease", type: "String", value: "{}", tags }, { ignoreChanges: ["value"] });
new Parameter("tls", {
  name: "/tests/tls",
  type: "SecureString",
  value: pulumi.jsonStringify({ key: key.privateKeyPem }),
});

export const account = getCallerIdentityOutput({}).accountId;
export const instanceId = instance.id;
export const availabilityZone = instance.availabilityZone;
export const groupId = group.id;
export const privateKeyPem = key.privateKeyPem;
export const caPem = ca.certPem;
export const certPem = certificate.certPem;
export const terraform = assumed?.provider.terraformConfig();
