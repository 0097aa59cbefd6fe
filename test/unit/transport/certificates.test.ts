import * as assert from "node:assert/strict";

import { clientCertificateProblem, renewal } from "../../../components/transport/clientCertificate";
import { describeFailure } from "../../../components/transport/failures";
import { type TlsSides, validityOf, withDates } from "../../../components/transport/tlsFailures";
import { certificateYears, generationAt } from "../../../components/nodes/ec2/declare/rotation";
import { createAuthority, hoursFromNow } from "../../hosts";

const firstIssue = "2026-01-01T00:00:00.000Z";
const millisecondsPerYear = 365 * 24 * 3_600_000;
const after = (years: number) =>
  generationAt(firstIssue, new Date(Date.parse(firstIssue) + years * millisecondsPerYear));

describe("the rotation of certificates", () => {
  for (const [years, leaf, authorities, signingSlot] of [
    [0, 1, [0, 1, 2], 1],
    [0.99, 1, [0, 1, 2], 1],
    [1, 2, [0, 1, 2], 1],
    [3.99, 4, [0, 1, 2], 1],
    [4, 5, [3, 1, 2], 2],
    [8, 9, [3, 4, 2], 0],
    [12, 13, [3, 4, 5], 1],
    [-1, 1, [0, 1, 2], 1],
  ] as const) {
    it(`after ${years} years: leaf ${leaf}, CAs ${authorities.join(", ")}`, () => {
      assert.deepEqual(after(years), { leaf, authorities, signingSlot });
    });
  }

  it("lets each leaf work to its end, whenever it is made: its CA is still trusted then, and still valid", () => {
    const hours = (years: number) => years * 365 * 24;
    /** When each CA is made, by updates of every month. */
    const made = new Map<number, number>();
    for (let hour = 0; hour < hours(40); hour += 730) {
      const { authorities, signingSlot } = after(hour / hours(1));
      authorities.forEach((number) => made.set(number, made.get(number) ?? hour));
      const signer = authorities[signingSlot];
      const end = hour + hours(certificateYears.leaf);
      assert.ok(after((end - 1) / hours(1)).authorities.includes(signer), `CA ${signer} is gone before hour ${end}`);
      assert.ok(made.get(signer)! + hours(certificateYears.authority) >= end, `CA ${signer} ends before hour ${end}`);
    }
  });

  it("trusts the next signer a whole period before it signs", () => {
    for (let years = 0; years < 40; years += 0.5) {
      const next = after(years + 4);
      assert.ok(after(years).authorities.includes(next.authorities[next.signingSlot]));
    }
  });
});

describe("the words for certificates that are wrong", () => {
  const now = new Date("2026-06-01T12:00:00.000Z");
  const between = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) });
  const early = between("2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
  const late = between("2026-05-01T00:00:00Z", "2028-05-01T00:00:00Z");

  function explain(code: string, sides: Partial<TlsSides>): string {
    const failure = describeFailure(Object.assign(new Error(), { code }));
    const { cause, fix, permanent } = withDates(failure, failure.kind!, { now, ...sides });
    return `${permanent ? "at once" : "in time"}: ${cause}. Fix: ${fix}.`;
  }

  const untrusted = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
  const builderName = "builders-1a2b3c4d";
  for (const [title, code, sides, words] of [
    [
      "a revoked connection",
      untrusted,
      { client: early, node: late, builderName },
      /^at once: the certificates of builder builders-1a2b3c4d were revoked: this connection's is of 2024-01-01T.*, the node's of 2026-05-01T.*Fix: run `pulumi up` of the stack that declares builder builders-1a2b3c4d; another stack's next/,
    ],
    [
      "a node that has not taken its new certificate yet",
      untrusted,
      { client: late, node: early, builderName },
      /^in time: its certificate, of 2024-01-01T.*, is older than this connection.*Fix: wait/,
    ],
    ["a node that shows no certificate", untrusted, { client: late, builderName }, /^in time: .*not of the same issue/],
    [
      "another CA of a remote node",
      untrusted,
      { client: early, node: late },
      /^at once: .* Fix: give the CA that signed/,
    ],
    [
      "a node's that expired",
      "CERT_HAS_EXPIRED",
      { client: early, node: early, builderName },
      /^at once: its certificate expired at 2026-01-01T.*Fix: run `pulumi up`.*\(or set this machine's clock, which says 2026-06-01T12:00:00.000Z\)/,
    ],
    [
      "a remote node's that expired",
      "CERT_HAS_EXPIRED",
      { node: early },
      /^at once: .* 2026-01-01T.*Fix: issue a new one/,
    ],
    [
      "a node's that expired, with a new one on its way",
      "CERT_HAS_EXPIRED",
      { client: late, node: early, builderName },
      /^in time: its certificate expired at 2026-01-01T.*has not taken its new one yet/,
    ],
    [
      "a clock that is slow",
      "CERT_NOT_YET_VALID",
      { node: between("2026-06-01T12:30:00Z", "2028-06-01T12:30:00Z") },
      /^at once: its certificate is not valid before 2026-06-01T12:30.*this machine's clock says 2026-06-01T12:00:00.000Z\. Fix: set/,
    ],
    [
      "a clock that is a little slow",
      "CERT_NOT_YET_VALID",
      { node: between("2026-06-01T12:01:00Z", "2028-06-01T12:30:00Z") },
      /^in time: /,
    ],
    [
      "a clock that was fast when it issued",
      "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
      { client: between("2026-06-01T11:00:00Z", "2028-06-01T11:00:00Z"), builderName },
      /^at once: it says that the client certificate has expired, or is not valid yet \(it is valid from 2026-06-01T11:00.*compare this machine's clock, which says 2026-06-01T12:00/,
    ],
  ] as [string, string, Partial<TlsSides>, RegExp][]) {
    it(`${title}: says so`, () => assert.match(explain(code, sides), words));
  }

  it("a client's own, with dates, this machine's clock and the way to a new one", async () => {
    const authority = await createAuthority();
    const renew = renewal(builderName);
    const problem = async (validFrom: number, validUntil: number) => {
      const options = { validFrom: hoursFromNow(validFrom), validUntil: hoursFromNow(validUntil) };
      const { certificate: cert, key } = await authority.issueClient(options);
      return clientCertificateProblem({ ca: authority.certificate, cert, key }, new Date(), renew);
    };
    assert.equal(await problem(-1, 1), undefined);
    assert.match(
      (await problem(-2, -1))!,
      /^the client certificate expired at .*clock says .*: run `pulumi up` of the/,
    );
    assert.match((await problem(1, 2))!, /is not valid before .*clock says .*: set the clock, or run `pulumi up` of/);
    assert.equal(validityOf("no certificate"), undefined);
  });
});
