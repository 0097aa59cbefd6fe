// How long EC2 takes until a system answers, as published: 25.8 s for a new instance, 21.2 s for a stopped one.
// https://github.com/brevdev/ec2-coldboot-research. What a node does after that was not measured on EC2.

export const usualFirstBoot = "a new EC2 instance boots in about 26 s, then fetches packages and BuildKit";
export const usualStart = "a stopped EC2 instance boots in about 21 s";
