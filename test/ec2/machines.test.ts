import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { DrivenMachine, IngressRule } from "../cloud/machinesDriver";
import { leftBy, type MachinesRun, openMachines } from "../cloud/machinesRun";
import type { Vpc } from "../cloud/vpc";
import * as hosts from "../hosts";

const volumeId = "vol-0123456789abcdef0";

// Counts boots on the disk, and mounts on the volume, which it waits for; ends when port 1235 is knocked at.
const userData = `#!/bin/sh
cat > /usr/local/sbin/report << 'END'
#!/bin/sh
echo >> /var/boots
echo "report: boot $(wc -l < /var/boots) after $(cut -d. -f1 /proc/uptime) s" > /dev/console
until volume=$(ls /dev/disk/by-id/nvme-*_vol0123456789abcdef0); do sleep 0.1; done 2> /dev/null
blkid "$volume" || mkfs.ext4 -q "$volume"
mount "$volume" /mnt
echo >> /mnt/mounts
sync
echo "report: mount $(wc -l < /mnt/mounts)" > /dev/console
exec python3 -m http.server 1234 --directory /mnt
END
chmod +x /usr/local/sbin/report
cd /etc/systemd/system
printf '[Service]\\nExecStart=/usr/local/sbin/report\\n[Install]\\nWantedBy=multi-user.target\\n' > report.service
printf '[Socket]\\nListenStream=1235\\n[Install]\\nWantedBy=sockets.target\\n' > end.socket
printf '[Service]\\nExecStart=systemctl poweroff\\n' > end.service
systemctl daemon-reload
systemctl enable --now --no-block report.service end.socket
`;

describe("machines of the tests' cloud", function () {
  this.timeout(1_800_000);
  let machines: MachinesRun;
  let vpc: Vpc;

  before(async function () {
    hosts.skipWithout(this, ["cloud"]);
    machines = await openMachines(userData);
    ({ vpc } = machines);
  });

  after(async () => {
    if (!machines) return;
    await machines.run.close();
    assert.deepEqual(await leftBy(machines.run), []);
  });

  it("a run that is killed with a machine on is swept by the next one", async () => {
    const child = fork(join(__dirname, "../cloud/killedMachine.ts"), {
      execArgv: ["-r", "ts-node/register/transpile-only"],
    });
    const [killed] = (await once(child, "message")) as [{ name: string; folder: string }];
    assert.notDeepEqual(await leftBy(killed), []);
    child.kill("SIGKILL");
    await once(child, "exit");
    await hosts.openRun().close();
    assert.deepEqual(await leftBy(killed), []);
  });

  const said = async (machine: DrivenMachine, text: string, seconds: number): Promise<void> => {
    const attempt = async (): Promise<void> => {
      const printed = await machine.console();
      if (!printed.includes(text)) throw new Error(`its console: ${printed.slice(-2_000)}`);
    };
    await hosts.waitUntil(`"${text}"`, attempt, { timeoutMilliseconds: seconds * 1_000 });
  };

  const call = (address: string, port = 1234): Promise<string> =>
    hosts.execute(vpc.enter(["bash", "-c", `echo > /dev/tcp/${address}/${port}`]), { timeoutMilliseconds: 2_000 });

  const listens = (address: string): Promise<string> =>
    hosts.waitUntil(`port 1234 of ${address}`, () => call(address), { timeoutMilliseconds: 30_000 });

  const allow = (cidr: string): IngressRule[] => [{ protocol: "tcp", fromPort: 1234, toPort: 1235, cidr }];

  for (const [number, architecture] of (["x86_64", "arm64"] as const).entries()) {
    describe(architecture, () => {
      // Every instruction of arm64 is run in software, beside whatever else this machine does.
      const seconds = architecture === "arm64" ? 480 : 30;
      const privateAddress = `172.31.16.${number + 5}`;
      const addresses = [`54.214.0.${number * 2 + 1}`, `54.214.0.${number * 2 + 2}`];
      let machine: DrivenMachine;
      let hasBooted = false;

      it("boots its user data", async () => {
        if (hasBooted) {
          // In a try before this one, at the same addresses.
          await machine.kill();
        }
        hasBooted = true;
        machine = await machines.make(architecture, privateAddress);
        await machine.boot(addresses[0]);
        await said(machine, "report: boot 1 after", seconds);
        assert.doesNotMatch(await machine.console(), /report: mount/);
      });

      it("gets a volume while it runs", async () => {
        const volume = join(machines.run.folder, `volume-${architecture}.raw`);
        await hosts.execute(["truncate", "--size=3G", volume]);
        await machine.attach(volumeId, volume);
        await said(machine, "report: mount 1", seconds);
      });

      it("is reached by whom its security group allows, at both addresses", async () => {
        await assert.rejects(call(addresses[0]), /SIGKILL/);
        await machine.setIngress(allow("203.0.113.11/32"));
        await assert.rejects(call(privateAddress), /SIGKILL/);
        await machine.setIngress(allow(`${vpc.callerAddress}/32`));
        await listens(addresses[0]);
        await listens(privateAddress);
      });

      it("keeps disk and volume when it is stopped, and comes back at another address", async () => {
        const started = Date.now();
        await machine.shutDown();
        await machine.wait();
        // Whoever does not answer to its power button has its power cut after 60 s.
        assert.ok(Date.now() - started < 45_000, await machine.console());
        await machine.boot(addresses[1]);
        await said(machine, "report: boot 2 after", seconds);
        await said(machine, "report: mount 2", seconds);
        await listens(addresses[1]);
        await assert.rejects(call(addresses[0]));
      });

      it("ends when it turns itself off", async () => {
        await call(addresses[1], 1235);
        await machine.wait();
        await assert.rejects(call(addresses[1]));
      });

      // Each boot of an emulated processor takes a minute.
      if (architecture === "arm64") return;

      it("keeps what it had written when its power is cut", async () => {
        await machine.boot(null);
        await said(machine, "report: mount 3", seconds);
        await machine.kill();
        await machine.wait();
        await machine.detach(volumeId);
        await machine.boot(null);
        await said(machine, "report: boot 4 after", seconds);
        assert.doesNotMatch(await machine.console(), /report: mount 4/);
        await machine.kill();
      });
    });
  }
});
