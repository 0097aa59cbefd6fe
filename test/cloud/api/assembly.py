"""Puts the parts together. Each changes moto once, in this process."""

from __future__ import annotations

from .account import opt_in_to_local_zone
from .alarms import install_alarms
from .checks import install_checks
from .ecs import install_ecs
from .faults import Faults
from .fleets import install_fleets
from .gate import install_gate
from .groups import install_groups
from .halts import Halts
from .identities import Identities
from .instances import Instances
from .interfaces import install_interfaces
from .launches import install_launches
from .lifecycle import install_lifecycle
from .parameters import install_parameters
from .registry import install_registry
from .roles import Roles
from .settings import Settings
from .templates import install_templates
from .volumes import Volumes
from .world import World


def assemble(settings: Settings) -> World:
    world = World(settings)
    # Made by their first use, which takes a second that no call should.
    _ = world.ec2, world.iam, world.ssm
    world.faults = Faults()
    world.halts = Halts()
    world.identities = Identities(world)
    world.roles = Roles(world)
    world.instances = Instances(world)
    world.volumes = Volumes(world)
    opt_in_to_local_zone(world)
    install_alarms(world)
    install_checks(world)
    install_launches(world)
    install_templates(world)
    install_fleets(world)
    install_lifecycle(world)
    install_groups(world)
    install_interfaces(world)
    install_parameters(world)
    install_registry(world)
    install_ecs(world)
    install_gate(world)
    return world
