"""The Pulumi program of the tests in Python: declares what `spec.json` in its project's folder says, which is above its own."""

import json

import pulumi
import pulumi_multi_platform_image as mpi

with open("../spec.json") as file:
    spec = json.load(file)


def snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def given(value):
    """Arguments as this language spells them; `output:` and `secret:` before a text make it one."""
    if isinstance(value, dict):
        return {snake(key): given(each) for key, each in value.items()}
    if isinstance(value, list):
        return [given(each) for each in value]
    if isinstance(value, str) and value.startswith("output:"):
        return pulumi.Output.from_input(value[len("output:") :])
    if isinstance(value, str) and value.startswith("secret:"):
        return pulumi.Output.secret(value[len("secret:") :])
    return value


providers = {}
if "provider" in spec:
    import pulumi_aws

    provider = given(spec["provider"])
    own = pulumi_aws.Provider(
        "own",
        region=provider["region"],
        profile=provider["profile"],
        # What is no text arrives as JSON, in which only the classes have Pulumi's own names.
        assume_roles=[pulumi_aws.ProviderAssumeRoleArgs(**role) for role in provider["assume_roles"]],
        endpoints=[pulumi_aws.ProviderEndpointArgs(**services) for services in provider["endpoints"]],
    )
    providers = {"aws": own}
builder = None
if "builder" in spec:
    options = pulumi.ResourceOptions(providers=providers)
    builder = mpi.Builder("builders", opts=options, **given(spec["builder"]))
    pulumi.export("builderName", builder.builder_name)
    pulumi.export("connection", builder.connection)
    pulumi.export("nodes", builder.nodes.apply(lambda nodes: [node.name for node in nodes]))
for name, args in spec["images"].items():
    passed = pulumi.Output.from_input(builder) if spec.get("builderAsOutput") else builder
    provider = None
    if spec.get("otherProvider"):
        provider = mpi.Provider(f"{name}-provider")
    image = mpi.MultiPlatformImage(
        name, builder=passed, opts=pulumi.ResourceOptions(provider=provider, providers=providers), **given(args)
    )
    pulumi.export(
        name,
        {"indexDigest": image.index_digest, "ref": image.ref, "platformDigests": image.platform_digests},
    )
