// How long EC2 takes until a system answers, as published: 25.8 s for a new instance, 21.2 s for a stopped one.
// https://github.com/brevdev/ec2-coldboot-research. What a node does after that was not measured on EC2.

export const usualFirstBoot = "a new EC2 instance boots in about 26 s, then fetches packages and BuildKit";
export const usualStart = "a stopped EC2 instance boots in about 21 s";

// The aws provider looks at a new instance 10 s after the launch, and then every 3 s:
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/wait.go (waitInstanceCreated)
export const usualLaunch = "it usually takes 10 to 20 s, and up to 2 minutes where IAM is slow to know the node's role";
