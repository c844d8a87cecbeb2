# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest Windows with its launch agent, and the newest without a desktop: built, sealed and started again."""

from __future__ import annotations

import json

from .conftest import Lab

ROLES = ["proxy", "firewall", "octopus_tentacle", "iis_dotnet"]
# Image -> what its base AMI is called, and what is recorded of it: build of Windows, kind of installation.
RELEASES = {
    "on_2016": ("2016-English-Full", "14393.", "Server"),
    "on_2025_core": ("2025-English-Core", "26100.", "Server Core"),
}


def variables() -> str:
    """Give the bases and images that the inventory would have."""
    parameter = "/aws/service/ami-windows-latest/Windows_Server-{}-Base"
    bases = {name: {"ssm_parameter": parameter.format(ami), "owner": "amazon"} for name, (ami, *_) in RELEASES.items()}
    roles = [f"golden.windows_ami.{role}" for role in ROLES]
    images = {name: {"description": name, "base": name, "roles": roles, "vars": {}} for name in RELEASES}
    return json.dumps({"golden_bases": bases, "golden_images": images})


def test_the_oldest_and_the_newest_windows_are_built_and_started(lab: Lab) -> None:
    finished = lab.build("-e", variables())
    assert finished.status == 0, finished.output
    builds = {build["image"]: build for build in lab.catalogue() if build["image"] in RELEASES}
    for image, (_, release, installation) in RELEASES.items():
        build = builds[image]
        assert build["status"] == "verified", "two instances of it were started and looked at"
        assert build["contents"]["windows"]["build"].startswith(release)
        assert build["contents"]["windows"]["installation"] == installation
        assert build["contents"]["seal_check"]["tentacle"] == "ok"
