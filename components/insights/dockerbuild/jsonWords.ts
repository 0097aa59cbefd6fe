/**
 * What JSON of records, traces, images and attestations is read by, by key: it is not changed, whatever an argument's value is.
 * Only where it looks as it must: labels and annotations have keys of anybody's choice.
 */
const words: Readonly<Record<string, RegExp>> = {
  // A record: https://github.com/moby/buildkit/blob/v0.33.1/api/services/control/control.proto
  ref: /^[a-z0-9]{25}$/,
  frontend: /^(?:dockerfile|gateway)\.v0$/,
  size: /^\d+$/,
  seconds: /^\d+$/,
  // An image: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
  mediatype: /^application\/(?:vnd\.[\w.+-]+|octet-stream|json)$/,
  digest: /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/,
  sha256: /^[0-9a-f]{64}$/,
  os: /^(?:linux|windows|darwin|freebsd|unknown)$/,
  architecture: /^(?:amd64|arm64|arm|386|ppc64le|s390x|riscv64|loong64|mips64(?:le)?|unknown)$/,
  variant: /^v\d$/,
  platform:
    /^(?:linux|windows|darwin|freebsd)\/[a-z0-9]+(?:\/v\d)?(?:,(?:linux|windows|darwin|freebsd)\/[a-z0-9]+(?:\/v\d)?)*$/,
  created: /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/,
  // Attestations: https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md
  type: /^(?:BOOL|INT64|FLOAT64|STRING|BYTES)(?:SLICE)?$|^attestation-manifest$|^https:\/\/in-toto\.io\/Statement\/v[\d.]+$/,
  predicatetype: /^https:\/\/(?:slsa\.dev|spdx\.dev|in-toto\.io)\/[\w./-]*$/,
  buildtype: /^https:\/\/(?:mobyproject\.org|github\.com\/moby)\/[\w./@#-]*$/,
  // A trace: https://github.com/open-telemetry/opentelemetry-go/blob/v1.38.0/sdk/trace/tracetest/span.go
  traceid: /^[0-9a-f]{32}$/,
  spanid: /^[0-9a-f]{16}$/,
  code: /^(?:Unset|Error|Ok)$/,
};
const times = ["time", "starttime", "endtime", "startedon", "finishedon", "buildstartedon", "buildfinishedon"];

/** Their keys have a prefix in annotations and in what exporters say. */
const prefixed = /(?:^|[./])(digest|type|predicatetype)$/;

/** Whether a text is a word of a format, and nothing that anybody chose. */
export function isWord(key: string, text: string): boolean {
  const lower = key.toLowerCase().replace(/[_-]/g, "");
  const name = prefixed.exec(lower)?.[1] ?? lower;
  const pattern = times.includes(name) ? words.created : Object.hasOwn(words, name) ? words[name] : undefined;
  return pattern?.test(text) === true;
}
