import assert from "node:assert/strict";
import { join } from "node:path";

import type { DrivenMachine, IngressRule, MachineSettings } from "../cloud/machinesDriver";
import { leftBy, type MachinesRun, openMachines } from "../cloud/machinesRun";
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

/** From its first boot until it turns itself off, in this order: the same of machines of both architectures. */
export function livesItsLife(open: () => MachineLife): void {
  it("boots its user data", () => open().bootsItsUserData());

  it("gets a volume while it runs", () => open().getsAVolume());

  it("is reached by whom its security group allows, at both addresses", () => open().letsIn());

  it("keeps disk and volume when it is stopped, and comes back at another address", () => open().comesBack());

  it("ends when it turns itself off", () => open().turnsItselfOff());
}

/** What a machine of the tests' cloud does, from its first boot until it turns itself off. */
export class MachineLife {
  private machine!: DrivenMachine;

  private constructor(
    readonly machines: MachinesRun,
    private readonly architecture: MachineSettings["architecture"],
    /** How long a boot may take. */
    private readonly seconds: number,
    private readonly privateAddress: string,
    private readonly addresses: readonly [string, string],
  ) {}

  static async open(architecture: MachineSettings["architecture"], seconds: number): Promise<MachineLife> {
    const machines = await openMachines(userData);
    return new MachineLife(machines, architecture, seconds, "172.31.16.5", ["54.214.0.1", "54.214.0.2"]);
  }

  async close(): Promise<void> {
    await this.machines.run.close();
    assert.deepEqual(await leftBy(this.machines.run), []);
  }

  async bootsItsUserData(): Promise<void> {
    // A try before this one has the same addresses.
    await (this.machine as DrivenMachine | undefined)?.kill();
    this.machine = await this.machines.make(this.architecture, this.privateAddress);
    await this.machine.boot(this.addresses[0]);
    await this.says("report: boot 1 after");
    assert.doesNotMatch(await this.machine.console(), /report: mount/);
  }

  async getsAVolume(): Promise<void> {
    const volume = join(this.machines.run.folder, `volume-${this.architecture}.raw`);
    await hosts.execute(["truncate", "--size=3G", volume]);
    await this.machine.attach(volumeId, volume);
    await this.says("report: mount 1");
  }

  async letsIn(): Promise<void> {
    const [address] = this.addresses;
    await assert.rejects(this.call(address), /SIGKILL/);
    await this.machine.setIngress(allow("203.0.113.11/32"));
    await assert.rejects(this.call(this.privateAddress), /SIGKILL/);
    await this.machine.setIngress(allow(`${this.machines.vpc.callerAddress}/32`));
    await this.listens(address);
    await this.listens(this.privateAddress);
  }

  async comesBack(): Promise<void> {
    const [before, after] = this.addresses;
    const started = Date.now();
    await this.machine.shutDown();
    await this.machine.wait();
    // Whoever does not answer to its power button has its power cut after 60 s.
    assert.ok(Date.now() - started < 45_000, await this.machine.console());
    await this.machine.boot(after);
    await this.says("report: boot 2 after");
    await this.says("report: mount 2");
    await this.listens(after);
    await assert.rejects(this.call(before));
  }

  async turnsItselfOff(): Promise<void> {
    await this.call(this.addresses[1], 1235);
    await this.machine.wait();
    await assert.rejects(this.call(this.addresses[1]));
  }

  async keepsWhatItHadWritten(): Promise<void> {
    await this.machine.boot(null);
    await this.says("report: mount 3");
    await this.machine.kill();
    await this.machine.wait();
    await this.machine.detach(volumeId);
    await this.machine.boot(null);
    await this.says("report: boot 4 after");
    assert.doesNotMatch(await this.machine.console(), /report: mount 4/);
    await this.machine.kill();
  }

  private async says(text: string): Promise<void> {
    const attempt = async (): Promise<void> => {
      const printed = await this.machine.console();
      if (!printed.includes(text)) throw new Error(`its console: ${printed.slice(-2_000)}`);
    };
    await hosts.waitUntil(`"${text}"`, attempt, { timeoutMilliseconds: this.seconds * 1_000 });
  }

  private call(address: string, port = 1234): Promise<string> {
    const command = this.machines.vpc.enter(["bash", "-c", `echo > /dev/tcp/${address}/${port}`]);
    return hosts.execute(command, { timeoutMilliseconds: 2_000 });
  }

  private listens(address: string): Promise<string> {
    return hosts.waitUntil(`port 1234 of ${address}`, () => this.call(address), { timeoutMilliseconds: 30_000 });
  }
}

const allow = (cidr: string): IngressRule[] => [{ protocol: "tcp", fromPort: 1234, toPort: 1235, cidr }];
