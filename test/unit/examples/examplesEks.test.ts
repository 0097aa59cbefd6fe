import * as assert from "node:assert/strict";

import type * as pulumi from "@pulumi/pulumi";

import { digest, ExampleProgram, type Inputs, plainText, privateKey, registry, valueOf } from "./exampleProgram";

interface Exports {
  ref: pulumi.Output<string>;
  indexDigest: pulumi.Output<string>;
}

const nodeGroupType = "aws:eks/nodeGroup:NodeGroup";
const deploymentType = "kubernetes:apps/v1:Deployment";

const options = {
  answers: { "aws:index/getAvailabilityZones:getAvailabilityZones": { zoneIds: ["euw1-az1", "euw1-az2"] } },
  computed: {
    "aws:eks/cluster:Cluster": { endpoint: "https://api.eks.test", certificateAuthority: { data: "Y2VydGlmaWNhdGU=" } },
  },
};

describe("the example eks", () => {
  let program: ExampleProgram<Exports>;
  let exported: Exports;

  before(async () => {
    ({ program, exported } = await ExampleProgram.run<Exports>("eks", options));
  });

  it("builds one image for both platforms, and runs its digest in one Deployment on both architectures", async () => {
    const ref = await valueOf(exported.ref);
    assert.match(ref, new RegExp(`^${registry}/api:[0-9a-f]{16}-.*@${digest}$`));
    assert.equal(await valueOf(exported.indexDigest), digest);
    const { api: image, ...ofPlatforms } = program.made("docker-build:index:Image");
    assert.deepEqual(Object.keys(ofPlatforms).sort(), ["api-linux-amd64", "api-linux-arm64"]);
    assert.deepEqual(image.platforms, ["linux/amd64", "linux/arm64"]);
    const labels = { app: "api" };
    const { spec } = program.made(deploymentType).api as { spec: { template: { spec: Inputs } } & Inputs };
    const { template, ...outer } = spec;
    assert.deepEqual(outer, { replicas: 2, selector: { matchLabels: labels } });
    assert.deepEqual(template, {
      metadata: { labels },
      spec: {
        topologySpreadConstraints: [
          {
            topologyKey: "kubernetes.io/arch",
            maxSkew: 1,
            minDomains: 2,
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: labels },
            matchLabelKeys: ["pod-template-hash"],
          },
        ],
        automountServiceAccountToken: false,
        containers: [
          {
            name: "api",
            image: ref,
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: "/", port: 8080 } },
            resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } },
            securityContext: { runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false },
          },
        ],
      },
    });
  });

  it("has one managed node group for each architecture", () => {
    const group = (amiType: string, instanceType: string) => ({
      clusterName: "api-1234567",
      nodeRoleArn: "arn of api-nodes",
      subnetIds: ["subnet-a", "subnet-b"],
      amiType,
      instanceTypes: [instanceType],
      capacityType: "ON_DEMAND",
      scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 2 },
    });
    assert.deepEqual(program.made(nodeGroupType), {
      arm64: group("AL2023_ARM_64_STANDARD", "t4g.small"),
      amd64: group("AL2023_x86_64_STANDARD", "t3.small"),
    });
  });

  it("makes roles that their services alone may take, with the policies that EKS asks for", () => {
    const roles = Object.entries(program.made("aws:iam/role:Role")).filter(([name]) => name.startsWith("api-"));
    const services = roles.map(([name, { assumeRolePolicy }]) => {
      const { Statement } = JSON.parse(assumeRolePolicy as string) as { Statement: Inputs[] };
      return [name, Statement];
    });
    const allow = (Service: string) => [{ Effect: "Allow", Principal: { Service }, Action: ["sts:AssumeRole"] }];
    assert.deepEqual(Object.fromEntries(services), {
      "api-control": allow("eks.amazonaws.com"),
      "api-nodes": allow("ec2.amazonaws.com"),
    });
    const attached = Object.values(program.made("aws:iam/rolePolicyAttachment:RolePolicyAttachment"));
    const managed = (role: string, policy: string) => ({ role, policyArn: `arn:aws:iam::aws:policy/${policy}` });
    assert.deepEqual(attached, [
      managed("api-control-1234567", "AmazonEKSClusterPolicy"),
      managed("api-nodes-1234567", "AmazonEKSWorkerNodePolicy"),
      managed("api-nodes-1234567", "AmazonEC2ContainerRegistryPullOnly"),
      managed("api-nodes-1234567", "AmazonEKS_CNI_Policy"),
    ]);
  });

  it("makes the cluster in zones that EKS has, with IAM access entries, out of extended support", () => {
    assert.deepEqual(program.made("aws:eks/cluster:Cluster"), {
      api: {
        roleArn: "arn of api-control",
        vpcConfig: {
          subnetIds: ["subnet-a", "subnet-b"],
          endpointPrivateAccess: true,
          publicAccessCidrs: ["0.0.0.0/0"],
        },
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
        upgradePolicy: { supportType: "STANDARD" },
      },
    });
    const [zones] = program.calls("aws:index/getAvailabilityZones:getAvailabilityZones");
    assert.deepEqual(zones.excludeZoneIds, ["use1-az3", "usw1-az2", "cac1-az3"]);
    // Without it Local Zones are among them, where the account has opted in to some.
    assert.deepEqual(zones.filters, [{ name: "opt-in-status", values: ["opt-in-not-required"] }]);
    const filters = program.calls("aws:ec2/getSubnets:getSubnets").map((inputs) => JSON.stringify(inputs.filters));
    assert.ok(filters.some((each) => each.includes('["euw1-az1","euw1-az2"]')));
  });

  it("keeps the zones that cluster and node groups were made in, whatever zones the region has later", () => {
    assert.deepEqual(program.ignored("aws:eks/cluster:Cluster", "api"), ["vpcConfig.subnetIds"]);
    for (const group of ["arm64", "amd64"]) assert.deepEqual(program.ignored(nodeGroupType, group), ["subnetIds"]);
  });

  it("makes each after what it needs: the cluster after its policy, node groups after theirs, then the Deployment", () => {
    const policy = (name: string) => `aws:iam/rolePolicyAttachment:RolePolicyAttachment::api-${name}`;
    assertDependsOn("aws:eks/cluster:Cluster", "api", [policy("control-AmazonEKSClusterPolicy")]);
    const nodePolicies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy"];
    for (const group of ["arm64", "amd64"]) {
      assertDependsOn(
        nodeGroupType,
        group,
        nodePolicies.map((name) => policy(`nodes-${name}`)),
      );
      assertDependsOn(deploymentType, "api", [`${nodeGroupType}::${group}`]);
    }
  });

  function assertDependsOn(type: string, name: string, others: readonly string[]): void {
    const dependencies = program.dependencies(type, name);
    assert.deepEqual(
      others.filter((each) => !dependencies.includes(each)),
      [],
      `${name} waits for ${dependencies.join()}`,
    );
  }

  it("asks for tokens with the caller's own identity: no credential is in the kubeconfig, none in an output", async () => {
    const { kubeconfig } = program.made("pulumi:providers:kubernetes").api;
    const { clusters, users } = JSON.parse(kubeconfig as string) as { clusters: Inputs[]; users: Inputs[] };
    const cluster = { server: "https://api.eks.test", "certificate-authority-data": "Y2VydGlmaWNhdGU=" };
    assert.deepEqual(clusters, [{ name: "eks", cluster }]);
    const args = ["eks", "get-token", "--cluster-name", "api-1234567", "--region", "eu-west-1", "--output", "json"];
    const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "aws", args };
    assert.deepEqual(users, [{ name: "caller", user: { exec } }]);
    assert.doesNotMatch(await plainText(exported), new RegExp(privateKey));
  });
});

describe("the example eks with `allowFrom`", () => {
  it("lets that network alone reach the Kubernetes API", async () => {
    const { program } = await ExampleProgram.run("eks", { ...options, config: { allowFrom: "203.0.113.7/32" } });
    const { vpcConfig } = program.made("aws:eks/cluster:Cluster").api as { vpcConfig: Inputs };
    assert.deepEqual(vpcConfig.publicAccessCidrs, ["203.0.113.7/32"]);
  });
});

describe("the example eks that builds in its cluster", () => {
  let program: ExampleProgram<Exports>;
  let exported: Exports;

  before(async () => {
    const config = { buildIn: "cluster" };
    const computed = { ...options.computed, "kubernetes:core/v1:ConfigMap": {}, "kubernetes:core/v1:Secret": {} };
    ({ program, exported } = await ExampleProgram.run<Exports>("eks", { ...options, computed, config }));
  });

  it("has a node in a pod for each platform, and no instance of its own", async () => {
    assert.match(await valueOf(exported.ref), new RegExp(`^${registry}/api:[0-9a-f]{16}-.*@${digest}$`));
    const claims = program.made("kubernetes:core/v1:PersistentVolumeClaim") as Record<
      string,
      { spec: Inputs } & Inputs
    >;
    assert.deepEqual(Object.keys(claims).sort(), ["builders-amd64", "builders-arm64"]);
    for (const { spec, metadata } of Object.values(claims)) {
      assert.equal(spec.storageClassName, "builds");
      assert.equal((metadata as Inputs).namespace, "builds");
    }
    assert.ok(!program.types().some((type) => /^aws:ec2\/(instance|launchTemplate)/.test(type)));
  });

  it("makes volumes for them by EBS' driver, and a namespace that admits BuildKit", () => {
    const [{ provisioner, volumeBindingMode }] = Object.values(
      program.made("kubernetes:storage.k8s.io/v1:StorageClass"),
    );
    assert.deepEqual([provisioner, volumeBindingMode], ["ebs.csi.aws.com", "WaitForFirstConsumer"]);
    const { labels } = program.made("kubernetes:core/v1:Namespace").builds.metadata as { labels: Inputs };
    assert.deepEqual(labels, { "pod-security.kubernetes.io/enforce": "privileged" });
    const { volumes } = program.made("aws:eks/addon:Addon");
    assert.deepEqual(volumes.podIdentityAssociations, [
      { serviceAccount: "ebs-csi-controller-sa", roleArn: "arn of api-volumes" },
    ]);
    const attached = program.made("aws:iam/rolePolicyAttachment:RolePolicyAttachment");
    assert.deepEqual(attached["api-volumes-AmazonEBSCSIDriverPolicy"], {
      role: "api-volumes-1234567",
      policyArn: "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    });
    const { assumeRolePolicy } = program.made("aws:iam/role:Role")["api-volumes"];
    assert.match(
      assumeRolePolicy as string,
      /"pods\.eks\.amazonaws\.com"\},"Action":\["sts:AssumeRole","sts:TagSession"\]/,
    );
  });

  it("has machines that are large enough for a pod of a build, each in the zone of its cache", () => {
    const groups = program.made(nodeGroupType);
    assert.deepEqual([groups.arm64.instanceTypes, groups.amd64.instanceTypes], [["m8g.large"], ["m7a.large"]]);
    assert.deepEqual([groups.arm64.subnetIds, groups.amd64.subnetIds], [["subnet-a"], ["subnet-a"]]);
  });

  it("makes caches after what makes volumes and after machines, and removes them before", () => {
    for (const name of ["builders-arm64", "builders-amd64"]) {
      const dependencies = program.dependencies("kubernetes:core/v1:PersistentVolumeClaim", name);
      for (const other of ["kubernetes:storage.k8s.io/v1:StorageClass::builds", `${nodeGroupType}::arm64`]) {
        assert.ok(dependencies.includes(other), `${name} waits for ${dependencies.join()}`);
      }
    }
    assert.ok(
      program
        .dependencies("kubernetes:storage.k8s.io/v1:StorageClass", "builds")
        .includes("aws:eks/addon:Addon::volumes"),
    );
  });
});
