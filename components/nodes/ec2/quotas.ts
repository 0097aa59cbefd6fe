/** A quota of running on-demand instances, in vCPUs. */
export interface Quota {
  code: string;
  name: string;
}

// https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
// The families that are not of the first row begin with these letters; the longest that fits is a type's.
const standard: Quota = {
  code: "L-1216C47A",
  name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
};
const special: readonly [families: readonly string[], quota: Quota][] = [
  [["f"], { code: "L-74FC7D96", name: "Running On-Demand F instances" }],
  [["g", "gr", "vt"], { code: "L-DB2E81BA", name: "Running On-Demand G and VT instances" }],
  [["inf"], { code: "L-1945791B", name: "Running On-Demand Inf instances" }],
  [["p"], { code: "L-417A185B", name: "Running On-Demand P instances" }],
  [["x"], { code: "L-7295265B", name: "Running On-Demand X instances" }],
  [["trn"], { code: "L-2C3B7624", name: "Running On-Demand Trn instances" }],
  [["dl"], { code: "L-6E869C2A", name: "Running On-Demand DL instances" }],
  [["hpc"], { code: "L-F7808C92", name: "Running On-Demand HPC instances" }],
  [["u"], { code: "L-43DA4232", name: "Running On-Demand High Memory instances" }],
];

/** The quota that an instance type counts against. */
export function quotaOf(instanceType: string): Quota {
  const family = /^[a-z]+/.exec(instanceType)?.[0] ?? "";
  return special.find(([families]) => families.includes(family))?.[1] ?? standard;
}

/** Where to ask for more of a quota. */
export function quotaRequest(quota: Quota, region: string): string {
  return (
    `https://${region}.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/${quota.code}, or ` +
    `\`aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${quota.code} --region ${region} --desired-value VCPUS\``
  );
}
