import type { Provider } from "../protocol/resource";
import { packageVersion } from "../versions";
import { type Aws, type Configuration, connect, regionOf } from "./client";
import { getAuthorizationToken, getCallerIdentity, getParameter, getRegion } from "./lookUps/account";
import { getAmi, getInstanceType, getInstanceTypeOfferings, getSubnet, getSubnets, getVpc } from "./lookUps/ec2";
import { ecsCluster } from "./resources/ecsCluster";
import { ecsService } from "./resources/ecsService";
import { instance } from "./resources/instance";
import { instanceProfile } from "./resources/instanceProfile";
import { launchTemplate } from "./resources/launchTemplate";
import { logGroup } from "./resources/logGroup";
import { metricAlarm } from "./resources/metricAlarm";
import { parameter } from "./resources/parameter";
import { repository } from "./resources/repository";
import { role } from "./resources/role";
import { rolePolicy } from "./resources/rolePolicy";
import { rolePolicyAttachment } from "./resources/rolePolicyAttachment";
import { inRegion } from "./resources/region";
import { securityGroup } from "./resources/securityGroup";
import { securityGroupEgressRule, securityGroupIngressRule } from "./resources/securityGroupRule";
import { taskDefinition } from "./resources/taskDefinition";
import { volume } from "./resources/volume";
import { volumeAttachment } from "./resources/volumeAttachment";
import { terraformConfig } from "./terraformConfig";

/** Stands in for the real AWS provider, against an emulator of AWS. */
export const aws: Provider<Aws> = {
  name: "aws",
  version: packageVersion("@pulumi/aws"),
  configuration: {
    accessKey: "text",
    allowedAccountIds: "json",
    assumeRoles: "json",
    customCaBundle: "text",
    defaultTags: "json",
    endpoints: "json",
    forbiddenAccountIds: "json",
    httpProxy: "text",
    httpsProxy: "text",
    profile: "text",
    region: "text",
    secretKey: "text",
    skipCredentialsValidation: "json",
    skipMetadataApiCheck: "json",
    skipRegionValidation: "json",
    skipRequestingAccountId: "json",
    token: "text",
    version: "text",
  },
  checkConfiguration: (configuration: Configuration): Record<string, string> =>
    regionOf(configuration)
      ? {}
      : {
          region:
            "Missing region information. Make sure you have set your AWS region, e.g. `pulumi config set aws:region us-west-2`.",
        },
  configure: connect,
  resources: {
    "aws:cloudwatch/logGroup:LogGroup": inRegion(logGroup),
    "aws:cloudwatch/metricAlarm:MetricAlarm": inRegion(metricAlarm),
    "aws:ebs/volume:Volume": inRegion(volume),
    "aws:ec2/instance:Instance": inRegion(instance),
    "aws:ec2/launchTemplate:LaunchTemplate": inRegion(launchTemplate),
    "aws:ec2/securityGroup:SecurityGroup": inRegion(securityGroup),
    "aws:ec2/volumeAttachment:VolumeAttachment": inRegion(volumeAttachment),
    "aws:ecr/repository:Repository": inRegion(repository),
    "aws:ecs/cluster:Cluster": inRegion(ecsCluster),
    "aws:ecs/service:Service": inRegion(ecsService),
    "aws:ecs/taskDefinition:TaskDefinition": inRegion(taskDefinition),
    "aws:iam/instanceProfile:InstanceProfile": instanceProfile,
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": rolePolicy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachment,
    "aws:ssm/parameter:Parameter": inRegion(parameter),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": inRegion(securityGroupEgressRule),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": inRegion(securityGroupIngressRule),
  },
  lookUps: {
    "aws:ec2/getAmi:getAmi": getAmi,
    "aws:ec2/getInstanceType:getInstanceType": getInstanceType,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": getInstanceTypeOfferings,
    "aws:ec2/getSubnet:getSubnet": getSubnet,
    "aws:ec2/getSubnets:getSubnets": getSubnets,
    "aws:ec2/getVpc:getVpc": getVpc,
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": getAuthorizationToken,
    "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
    "aws:index/getRegion:getRegion": getRegion,
    "aws:ssm/getParameter:getParameter": getParameter,
  },
  // https://www.pulumi.com/registry/packages/aws/api-docs/ec2/getvpc/ and so on: what the examples use.
  functions: {
    "aws:ec2/getSubnets:getSubnets": {
      inputs: ["filters", "tags"],
      outputs: ["filters", "id", "ids", "region", "tags"],
    },
    "aws:ec2/getVpc:getVpc": { inputs: ["default", "filters", "id"], outputs: ["arn", "cidrBlock", "default", "id"] },
    "aws:index/getRegion:getRegion": { inputs: ["region"], outputs: ["description", "endpoint", "id", "region"] },
  },
  methods: { "pulumi:providers:aws/terraformConfig": terraformConfig },
};
