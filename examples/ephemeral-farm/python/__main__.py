import os

import pulumi
import pulumi_aws as aws
import pulumi_multi_platform_image as mpi

# One builder for all images, so that its nodes are launched once. Types are in order of preference: where AWS has no
# spot capacity of the first, the next is asked for.
builder = mpi.Builder(
    "farm",
    lifecycle="ephemeral",
    nodes=[
        {
            "kind": "ec2",
            "platform": "linux/arm64",
            "instance_types": ["c8g.2xlarge", "c7g.2xlarge"],
            "capacity_type": "spot",
        },
        {
            "kind": "ec2",
            "platform": "linux/amd64",
            "instance_types": ["c7a.2xlarge", "c7i.2xlarge"],
            "capacity_type": "spot",
        },
    ],
)


def create_image(service):
    repository = aws.ecr.Repository(
        service,
        image_tag_mutability="IMMUTABLE",
        # Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
        force_delete=True,
    )
    return mpi.MultiPlatformImage(
        service,
        context=f"../services/{service}",
        repository={"repository_url": repository.repository_url, "registry_id": repository.registry_id},
        builder=builder,
    )


# Each folder there is the build context of one image: a new folder is a new image.
pulumi.export("refs", {service: create_image(service).ref for service in sorted(os.listdir("../services"))})
