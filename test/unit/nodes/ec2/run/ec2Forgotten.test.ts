import * as assert from "node:assert/strict";

import type { Instance } from "@aws-sdk/client-ec2";

import { type Ec2Connection, tagNames } from "../../../../../components/nodes/ec2/connection";
import { Forgotten } from "../../../../../components/nodes/ec2/run/forgotten";
import { Ingress } from "../../../../../components/nodes/ec2/run/callerRules";
import { Ec2Account } from "./ec2Account";

const builderName = "builders-1a2b3c4d";

describe("what seems to be nobody's", () => {
  it("is left where an ephemeral instance builds: whoever builds there may have lost its credentials", async () => {
    const account = new Ec2Account();
    const Tags = [
      { Key: tagNames.builder, Value: builderName },
      { Key: tagNames.lifecycle, Value: "ephemeral" },
    ];
    const LaunchTime = new Date(Date.now() - 13 * 60_000);
    const [builds, hangs] = [account.addInstance({ LaunchTime, Tags }), account.addInstance({ LaunchTime, Tags })];
    const ephemeralNodes = [{}] as unknown as Ec2Connection["ephemeralNodes"];
    const connection = { builderName, ingress: { from: "caller" as const }, ephemeralNodes };
    const ingress = new Ingress(account.clients, "sg-0", "0d0d0d0d");
    const isBuilding = ({ InstanceId }: Instance) => Promise.resolve(InstanceId === builds);
    const forgotten = new Forgotten(connection, account.clients, ingress, () => [], isBuilding);
    await forgotten.look();
    assert.deepEqual((await forgotten.remove()).instances, [hangs]);
    assert.deepEqual(account.did("terminate"), [`terminate ${hangs}`]);
  });
});
