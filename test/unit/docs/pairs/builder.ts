import { Builder } from "pulumi-multi-platform-image";

export const builder = new Builder("builders", {
  nodes: [
    { kind: "remote", platform: "linux/arm64", endpoint: "ssh://build@arm64.example.com", driver: "docker-container" },
    { kind: "remote", platform: "linux/amd64", endpoint: "ssh://build@amd64.example.com", driver: "docker-container" },
  ],
});
