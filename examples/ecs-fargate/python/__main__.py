import json

import pulumi
import pulumi_aws as aws
import pulumi_multi_platform_image as mpi

PORT = 8080
# The caller's IAM policy knows what has no fixed name by this tag.
TAGS = {"multi-platform-image:example": "ecs-fargate"}

repository = aws.ecr.Repository(
    "api",
    image_tag_mutability="IMMUTABLE",
    # Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
    force_delete=True,
    tags=TAGS,
)

image = mpi.MultiPlatformImage(
    "api",
    context="../app",
    repository={"repository_url": repository.repository_url, "registry_id": repository.registry_id},
)


def create_execution_role():
    """What ECS itself needs for a task: to pull from ECR and to write logs. The app gets no role."""
    statement = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return aws.iam.Role("api-execution", assume_role_policy=policy, tags=TAGS)


def create_security_group():
    """Out, everything; in, nobody, or the network of `pulumi config set allowFrom 203.0.113.7/32`."""
    vpc = aws.ec2.get_vpc_output(default=True)
    group = aws.ec2.SecurityGroup("api", vpc_id=vpc.id, description="Tasks of the example ecs-fargate", tags=TAGS)
    aws.vpc.SecurityGroupEgressRule(
        "api-out", security_group_id=group.id, tags=TAGS, ip_protocol="-1", cidr_ipv4="0.0.0.0/0"
    )
    allow_from = pulumi.Config().get("allowFrom")
    if allow_from is not None:
        aws.vpc.SecurityGroupIngressRule(
            "api-in",
            security_group_id=group.id,
            tags=TAGS,
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            cidr_ipv4=allow_from,
        )
    return group


cluster = aws.ecs.Cluster("api", tags=TAGS)
logs = aws.cloudwatch.LogGroup("api", retention_in_days=1, tags=TAGS)
execution_role = create_execution_role()
execution_policy = aws.iam.RolePolicyAttachment(
    "api-execution",
    role=execution_role.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
)
security_group = create_security_group()
subnets = aws.ec2.get_subnets_output(
    filters=[
        {"name": "vpc-id", "values": [security_group.vpc_id]},
        {"name": "default-for-az", "values": ["true"]},
    ]
)


def create_service(name, cpu_architecture):
    container = {
        "name": "api",
        "image": image.ref,
        "portMappings": [{"containerPort": PORT}],
        "healthCheck": {"command": ["CMD", "wget", "-qO-", f"http://127.0.0.1:{PORT}"], "interval": 10},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": logs.name,
                "awslogs-region": aws.get_region_output().region,
                "awslogs-stream-prefix": name,
            },
        },
    }
    task = aws.ecs.TaskDefinition(
        f"api-{name}",
        family=f"api-{name}",
        requires_compatibilities=["FARGATE"],
        runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": cpu_architecture},
        network_mode="awsvpc",
        cpu="256",
        memory="512",
        execution_role_arn=execution_role.arn,
        container_definitions=pulumi.Output.json_dumps([container]),
        tags=TAGS,
    )
    return aws.ecs.Service(
        f"api-{name}",
        cluster=cluster.arn,
        task_definition=task.arn,
        launch_type="FARGATE",
        desired_count=1,
        # The default VPC has no NAT gateway: without a public address, a task can't pull its image.
        network_configuration={
            "subnets": subnets.ids,
            "security_groups": [security_group.id],
            "assign_public_ip": True,
        },
        # So that update ends when the digest runs, and fails when it does not.
        wait_for_steady_state=True,
        deployment_circuit_breaker={"enable": True, "rollback": True},
        tags=TAGS,
        opts=pulumi.ResourceOptions(depends_on=[execution_policy]),
    )


# One digest, of the index: each service's hosts take their own platform from it.
services = [create_service("arm64", "ARM64"), create_service("amd64", "X86_64")]

pulumi.export("ref", image.ref)
pulumi.export("indexDigest", image.index_digest)
pulumi.export("clusterName", cluster.name)
pulumi.export("logGroup", logs.name)
pulumi.export("serviceNames", [service.name for service in services])
