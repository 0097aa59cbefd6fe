import * as x509 from "@peculiar/x509";

export type Subject = { commonName?: string; organization?: string; organizationalUnit?: string };

export type Names = { dnsNames?: string[]; ipAddresses?: string[]; subject?: Subject };

/** Arguments of a request or certificate that say whose it is; any change makes a new one. */
export const nameAttributes = {
  dnsNames: { kind: "optional", replaces: true },
  ipAddresses: { kind: "optional", replaces: true },
  subject: {
    kind: "optional",
    replaces: true,
    block: {
      commonName: { kind: "optional", replaces: true },
      organization: { kind: "optional", replaces: true },
      organizationalUnit: { kind: "optional", replaces: true },
    },
  },
} as const;

export function distinguishedName({ commonName, organization, organizationalUnit }: Subject = {}): x509.JsonName {
  const parts = { CN: commonName, O: organization, OU: organizationalUnit };
  return Object.entries(parts).flatMap(([type, value]) => (value === undefined ? [] : [{ [type]: [value] }]));
}

export function alternativeNames({ dnsNames = [], ipAddresses = [] }: Names): x509.Extension[] {
  const names = [
    ...dnsNames.map((name) => new x509.GeneralName("dns", name)),
    ...ipAddresses.map((address) => new x509.GeneralName("ip", address)),
  ];
  return names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [];
}
