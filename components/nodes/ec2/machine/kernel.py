"""What the node has its kernel do."""

# A client that vanished holds a build for a minute instead of a quarter of an hour.
NETWORK = {"net/ipv4/tcp_retries2": "8"}
# A kernel that fails starts again, and the watch with it: by default it stands still, and costs.
# https://docs.kernel.org/admin-guide/sysctl/kernel.html#panic
PANIC = {"kernel/panic": "10", "kernel/panic_on_oops": "1"}


def set_all(values, root="/proc/sys"):
    for path, value in values.items():
        with open(f"{root}/{path}", "w") as file:
            file.write(value)
