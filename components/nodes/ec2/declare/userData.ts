import * as fs from "node:fs";
import * as path from "node:path";
import { deflateSync } from "node:zlib";

import { packageFile } from "../../../support/packageFiles";
import { base85 } from "./base85";

/** The parameters that a node reads, by their names in Parameter Store. */
export interface NodeParameterNames {
  settings: string;
  tls: string;
  lease: string;
}

const program = "/usr/local/lib/multi-platform-image/machine";
const units = "/etc/systemd/system";

/**
 * What an instance runs at each boot: it installs the program of machine/, where it is not there, and starts it. Public data only, because
 * user data can be read as an attribute of the instance. EC2 allows 16 KB.
 */
export function userData(parameters: NodeParameterNames): string {
  const machine = packageFile("components/nodes/ec2/machine");
  const files = {
    ...readFolder(machine, ".py", program),
    ...readFolder(path.join(machine, "units"), ".service", units),
    "/etc/multi-platform-image/parameters.json": `${JSON.stringify(parameters)}\n`,
  };
  const packed = base85(deflateSync(JSON.stringify(files), { level: 9 }));
  return script.replace("FILES", () => packed.replace(/.{1,120}/g, "$&\n").trimEnd());
}

function readFolder(folder: string, extension: string, target: string): Record<string, string> {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(extension));
  return Object.fromEntries(
    names.sort().map((name) => [`${target}/${name}`, packable(fs.readFileSync(path.join(folder, name), "utf8"))]),
  );
}

/** The least that means the same: comments stay where they are read. */
const packable = (text: string): string =>
  text
    .replace(/^\s*(#.*|"""[^"]*""")\n/gm, "")
    .replace(/\n{2,}/g, "\n")
    .replace(/^( {4})+/gm, (indent) => " ".repeat(indent.length / 4));

// As a boothook it runs at each boot, before any other part of cloud-init that may fail: a script would run once, even where
// the power fails in the middle. https://docs.cloud-init.io/en/latest/explanation/format/cloud-boothook.html
// Without the program nothing would end the instance, so the shell does; its console stays readable for a while.
const script = `#cloud-boothook
#!/bin/sh
# Makes this machine a build node. The files packed below are those of the folder machine/ of the npm package
# pulumi-multi-platform-image, and the names of the parameters in Parameter Store that hold the node's settings.
(
  sleep 900
  case $(timeout 60 systemctl is-active multi-platform-image-watch) in
    active | *ing) exit ;;
  esac
  echo "multi-platform-image: failed: nothing watches the node, it stops" >/dev/console
  timeout 60 systemctl poweroff --force --force || echo o >/proc/sysrq-trigger
) </dev/null >/dev/null 2>&1 &
python3 - <<'PROGRAM' || echo "multi-platform-image: failed: the user data ended early, the node stops in 15 minutes" >/dev/console
import base64, json, zlib
files = json.loads(zlib.decompress(base64.b85decode("".join("""
FILES
""".split()))))
exec(files["${program}/install.py"])
install(files)
PROGRAM
`;
