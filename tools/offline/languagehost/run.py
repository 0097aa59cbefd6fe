# Runs a Pulumi program in Python, with what the engine has told the language host.
# https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/cmd/pulumi-language-python-exec
import argparse
import asyncio
import os
import runpy
import sys
import traceback

import pulumi
import pulumi.runtime

# The host takes it for "the user has been told".
SHOWN = 32

parser = argparse.ArgumentParser()
for name in ("monitor", "engine", "organization", "project", "stack", "root-directory", "pwd"):
    parser.add_argument(f"--{name}")
parser.add_argument("--parallel", type=int, default=1)
parser.add_argument("--dry-run", action="store_true")
parser.add_argument("program")
parser.add_argument("args", nargs="*")
given = parser.parse_args()

pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
pulumi.runtime.configure(
    pulumi.runtime.Settings(
        monitor=given.monitor,
        engine=given.engine,
        project=given.project,
        stack=given.stack,
        parallel=given.parallel,
        dry_run=given.dry_run,
        organization=given.organization,
        root_directory=given.root_directory,
    )
)
os.chdir(given.pwd)
sys.argv = [given.program, *given.args]
sys.path.insert(0, given.program if os.path.isdir(given.program) else os.path.dirname(given.program))

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
try:
    loop.run_until_complete(
        pulumi.runtime.run_in_stack(lambda: runpy.run_path(given.program, run_name="__main__"))
    )
except pulumi.RunError as error:
    pulumi.log.error(str(error))
    sys.exit(1)
except Exception:
    pulumi.log.error("Program failed with an unhandled exception:\n" + traceback.format_exc())
    sys.exit(SHOWN)
