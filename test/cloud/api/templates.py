"""Launch templates, where moto is not as AWS is."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import InvalidLaunchTemplateIdNotFound
from moto.ec2.models.launch_templates import LaunchTemplate

from .errors import Refusal
from .launches import check_user_data
from .world import Call, World


def install_templates(world: World) -> None:
    # moto notes them when the template is made, and never again.
    LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, tags: None)  # type: ignore[assignment]

    @world.before("ec2", "CreateLaunchTemplate", "CreateLaunchTemplateVersion")
    def check_data(call: Call) -> None:
        if not call.get("LaunchTemplateData"):
            raise Refusal("MissingParameter", "The request must contain the parameter LaunchTemplateData")
        check_user_data(call.get("LaunchTemplateData.UserData"))

    @world.before(
        "ec2",
        "CreateLaunchTemplateVersion",
        "DeleteLaunchTemplate",
        "DescribeLaunchTemplates",
        "DescribeLaunchTemplateVersions",
        "ModifyLaunchTemplate",
    )
    def check_there(call: Call) -> None:
        for asked in call.get("LaunchTemplateIds") or [call.get("LaunchTemplateId")]:
            if asked and asked not in world.ec2.launch_templates:
                raise InvalidLaunchTemplateIdNotFound(asked)

    @world.after("ec2", "CreateLaunchTemplate")
    def drop_own_tags(call: Call) -> None:
        # moto writes the tags of the template itself among those that it gives to instances.
        data = world.ec2.get_launch_template_by_name(call.get("LaunchTemplateName")).versions[0].data
        others = [one for one in data.pop("TagSpecifications", []) if one["ResourceType"] != "launch-template"]
        if others:
            data["TagSpecifications"] = others


def template_data(world: World, specification: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A version's data, and the specification with its id and number, as AWS answers it."""
    name = specification.get("LaunchTemplateName")
    if name:
        template = world.ec2.get_launch_template_by_name(name)
    else:
        template = world.ec2.get_launch_template(specification.get("LaunchTemplateId", ""))
    version = template.get_version(specification.get("Version") or "$Default")
    return version.data, {"LaunchTemplateId": template.id, "Version": str(version.number)}
