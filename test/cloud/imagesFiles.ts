/** Where an instance finds all services of the tests' cloud that are not the metadata service. */
export const servicesAddress = "169.254.169.253";
export const metadataAddress = "169.254.169.254";

/** Names that instances call, and that no name server of the tests' cloud knows: it has none. */
export const serviceNames = ["ssm.us-east-1.amazonaws.com", "downloads.test", "packages.test"];

/** Files that differ from what Debian's packages bring, by their path. */
export const amiFiles: Record<string, string> = {
  "etc/hosts": `127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
${servicesAddress} ${serviceNames.join(" ")}
`,
  "etc/hostname": "localhost\n",
  // Refuses at once: without a name server each of cloud-init's probes would wait for 30 s.
  "etc/resolv.conf": "nameserver 127.0.0.53\n",
  "etc/apt/sources.list": "deb [trusted=yes] http://packages.test/debian ./\n",
  // The network is up before systemd is, as the machine's own kernel or namespace has it.
  "etc/cloud/cloud.cfg.d/90-tests.cfg": `datasource_list: [Ec2]
datasource:
  Ec2:
    metadata_urls: ["http://${metadataAddress}"]
network: { config: disabled }
`,
};

/** What makes a first boot short: of cloud-init's modules, the tests' user data need the one that runs a script. */
export const quickFiles: Record<string, string> = {
  "etc/cloud/cloud.cfg.d/91-quick.cfg": `cloud_init_modules: [write-files, set_hostname]
cloud_config_modules: []
cloud_final_modules: [scripts-per-boot, scripts-per-instance, scripts-user, final-message]
`,
};

/** Units that are of no use to a build node, and cost an emulated processor seconds. */
export const maskedUnits = [
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"],
  ...["e2scrub_reap.service", "systemd-pstore.service", "console-getty.service", "getty@.service"],
  ...["serial-getty@.service", "systemd-networkd.service", "systemd-networkd.socket"],
];

/** What would touch this machine's own devices from inside of a container. */
export const maskedInContainers = [
  ...["systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket"],
  ...["systemd-udev-trigger.service", "systemd-modules-load.service"],
];

/**
 * EC2 is told by the firmware's tables, which neither a container nor a directly booted arm64 kernel has, and the network
 * that the local stage would ask DHCP for is there already.
 */
export const dataSourceFile = "usr/lib/python3/dist-packages/cloudinit/sources/DataSourceEc2.py";
export const dataSourcePatch = `

def identify_aws(data):
    return CloudNames.AWS


datasources = datasources[1:]
`;
