# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of promotion look at, in any region."""

from __future__ import annotations

import functools
import json
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works

PARAMETER = "/golden/ami/iis_dotnet/stable"


@functools.lru_cache(maxsize=16)  # they are slow to make
def client(works: Works, service: str, region: str | None = None) -> t.Any:
    """Return a client of the lab, in its own region or another."""
    return Aws(AwsSettings(works.lab.info["aws_config_file"], "default", region or works.region)).client(service)


def parameter(works: Works, name: str = PARAMETER, region: str | None = None) -> str | None:
    """Return what an SSM parameter publishes, None when it is not there."""
    found = client(works, "ssm", region).get_parameters(Names=[name])["Parameters"]
    assert not found or (found[0]["Type"], found[0]["DataType"]) == ("String", "aws:ec2:image")
    return str(found[0]["Value"]) if found else None


def describe(works: Works, build: Build, region: str | None = None) -> dict[str, t.Any]:
    """Return what EC2 says of a build's AMI."""
    where = region or works.region
    found = client(works, "ec2", where).describe_images(
        ImageIds=[build.amis[where]], IncludeDeprecated=True, IncludeDisabled=True
    )
    return dict(found["Images"][0])


def protected(works: Works, build: Build, region: str | None = None) -> bool:
    """Say whether a build's AMI is protected from being deregistered."""
    return str(describe(works, build, region)["DeregistrationProtection"]).startswith("enabled")


def copy_to(works: Works, build: Build, region: str, key: str | None = None) -> Build:
    """Copy a build to another region, encrypted with a key or the account's own, and record it; return the record."""
    ec2 = client(works, "ec2", region)
    ami = ec2.copy_image(
        SourceImageId=build.amis[works.region],
        SourceRegion=works.region,
        Name=str(build.ami_name),
        Encrypted=True,
        **({"KmsKeyId": key} if key else {}),
    )["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[ami], WaiterConfig={"Delay": 1})
    return works.catalogue.add_amis(build.id, {region: ami})


def setting(name: str, value: t.Any) -> tuple[str, str]:
    """Return the arguments that set a variable of any type."""
    return "-e", json.dumps({name: value})
