import * as fs from "node:fs";
import * as path from "node:path";
import { deflateSync } from "node:zlib";

/** The parameters that a node reads, by their names in Parameter Store. */
export interface NodeParameterNames {
  settings: string;
  tls: string;
  lease: string;
}

// As far from here as from dist/nodes/ec2 in the npm package.
const machine = path.join(__dirname, "../../../machine");
const program = "/usr/local/lib/multi-platform-image/machine";
const units = "/etc/systemd/system";

/**
 * What an instance runs at its first boot: it installs the program of machine/ and starts it. Public data only, because
 * user data can be read as an attribute of the instance. EC2 allows 16 KB.
 */
export function userData(parameters: NodeParameterNames): string {
  const files = {
    ...readFolder(machine, ".py", program),
    ...readFolder(path.join(machine, "units"), ".service", units),
    "/etc/multi-platform-image/parameters.json": `${JSON.stringify(parameters)}\n`,
  };
  const packed = deflateSync(JSON.stringify(files), { level: 9 }).toString("base64");
  return script.replace("FILES", () => packed.replace(/.{1,120}/g, "$&\n").trimEnd());
}

function readFolder(folder: string, extension: string, target: string): Record<string, string> {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(extension));
  return Object.fromEntries(
    names
      .sort()
      .map((name) => [`${target}/${name}`, withoutComments(fs.readFileSync(path.join(folder, name), "utf8"))]),
  );
}

/** They stay where they are read. */
const withoutComments = (text: string): string => text.replace(/^\s*(#.*|"""[^"]*""")\n/gm, "");

// Without the program nothing would end the instance, so a failure here does; its console stays readable for a while.
const script = `#!/bin/sh
# Makes this machine a build node. The files packed below are those of the folder machine/ of the npm package
# pulumi-multi-platform-image, and the names of the parameters in Parameter Store that hold the node's settings.
python3 - <<'PROGRAM' || {
import base64, json, os, subprocess, sys, zlib
def say(text):
    print("multi-platform-image: " + text, flush=True)
    try:
        with open("/dev/console", "w") as console:
            console.write("multi-platform-image: " + text + "\\r\\n")
    except OSError:
        pass
try:
    files = json.loads(zlib.decompress(base64.b64decode("""
FILES
""")))
    for path, text in files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    sys.path.insert(0, "/usr/local/lib/multi-platform-image")
    from machine.console import milestone
    milestone("user data started")
    services = ["multi-platform-image-" + name + ".service" for name in ("watch", "prepare")]
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--now", "--no-block", *services], check=True)
except Exception as error:
    say("failed: the user data: " + type(error).__name__ + ": " + str(error))
    sys.exit(1)
PROGRAM
  echo "multi-platform-image: failed: the user data ended early, the node stops in 10 minutes" >/dev/console
  shutdown -P +10
}
`;
