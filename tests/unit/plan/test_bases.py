# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AMI a base is, and what the user hears when there is none."""

from __future__ import annotations

import datetime as dt
import fnmatch

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.bases import (
    Ami,
    BaseError,
    ami_problem,
    family_of,
    find_base,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.images import Base

from .records import BASE_NAME, REGION, an_ami

PARAMETER = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"
BY_PARAMETER = Base("win", "ssm_parameter", PARAMETER, "amazon", None)
BY_NAME = Base("win", "name", "Windows_Server-2022-*", "amazon", None)
BY_ID = Base("windows_server_2022", "ami_id", "ami-00000009", "amazon", None)
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class Region:
    """A region with some AMIs and parameters."""

    region = REGION

    def __init__(self, *amis: Ami, parameters: dict[str, str] | None = None) -> None:
        self.amis = {ami.id: ami for ami in amis}
        self.parameters = parameters or {}

    def parameter(self, name: str) -> str | None:
        return self.parameters.get(name)

    def image(self, ami_id: str) -> Ami | None:
        return self.amis.get(ami_id)

    def images_named(self, pattern: str, owner: str) -> list[Ami]:
        found = [ami for ami in self.amis.values() if fnmatch.fnmatch(ami.name, pattern) and ami.owner == owner]
        return sorted(found, key=lambda ami: ami.created)


OLD = an_ami(id="ami-00000000", name="Windows_Server-2022-English-Full-Base-2026.10.14", created="2026-10-14")
NEW = an_ami(created="2026-11-11")


@pytest.mark.parametrize(
    ("base", "parameters"),
    [(BY_PARAMETER, {PARAMETER: NEW.id}), (BY_NAME, {}), (Base("w", "ami_id", NEW.id, "amazon", None), {})],
    ids=["parameter", "name", "id"],
)
def test_a_base_is_found(base: Base, parameters: dict[str, str]) -> None:
    assert find_base(base, Region(NEW, OLD, parameters=parameters)) == NEW


def explained(base: Base, region: Region, last_name: str | None = None) -> str:
    with pytest.raises(BaseError) as caught:
        find_base(base, region, last_name)
    return str(caught.value)


def test_a_withdrawn_ami_is_said_to_be_and_the_newest_of_its_family_named() -> None:
    text = explained(BY_ID, Region(OLD, NEW))
    assert text == (
        "Base windows_server_2022: AMI ami-00000009 cannot be seen in eu-west-1. Amazon has withdrawn it or made it "
        f"private, or it is of another region. The newest of its family is {BASE_NAME} (ami-00000001): put that into "
        "golden_bases.windows_server_2022.ami_id, or follow the newest with ssm_parameter or name."
    )


@pytest.mark.parametrize(
    ("base", "region", "message"),
    [
        (BY_PARAMETER, Region(NEW), f"SSM parameter {PARAMETER} does not exist in eu-west-1."),
        (BY_PARAMETER, Region(NEW), f"The newest of its family is {BASE_NAME} (ami-00000001)"),
        (
            BY_PARAMETER,
            Region(parameters={PARAMETER: "ami-gone"}),
            f"AMI ami-gone (SSM parameter {PARAMETER}) cannot be seen",
        ),
        (
            BY_PARAMETER,
            Region(),
            "There is no other AMI of amazon named Windows_Server-2022-English-Full-Base-* either.",
        ),
        (BY_NAME, Region(), "no available AMI of amazon in eu-west-1 is named 'Windows_Server-2022-*'."),
        (Base("x", "ami_id", "ami-9", "123456789012", None), Region(), "Choose another AMI for golden_bases.x."),
        (BY_ID, Region(an_ami(id="ami-00000009", state="disabled")), "(ami-00000009) is disabled, not available."),
        (BY_ID, Region(an_ami(id="ami-00000009", platform="")), "is not a Windows AMI."),
        (BY_ID, Region(an_ami(id="ami-00000009", architecture="arm64")), "is for arm64;"),
    ],
)
def test_a_base_that_cannot_be_used_is_explained(base: Base, region: Region, message: str) -> None:
    assert message in explained(base, region)


@pytest.mark.parametrize(
    ("base", "last_name", "family"),
    [
        (BY_PARAMETER, None, "Windows_Server-2022-English-Full-Base-*"),
        (BY_NAME, None, "Windows_Server-2022-*"),
        (BY_ID, "Windows_Server-2019-English-Core-Base-2026.10.14", "Windows_Server-2019-English-Core-Base-*"),
        (BY_ID, None, "Windows_Server-2022-English-Full-Base-*"),
        (
            Base("x", "ami_id", "ami-1", "amazon", "Mine-*"),
            "Windows_Server-2019-English-Core-Base-2026.10.14",
            "Mine-*",
        ),
        (Base("x", "ami_id", "ami-1", "amazon", None), "Something", None),
    ],
)
def test_the_family_of_a_base(base: Base, last_name: str | None, family: str | None) -> None:
    assert family_of(base, last_name) == family


@pytest.mark.parametrize(
    ("ami", "problem"),
    [
        (an_ami(), None),
        (an_ami(deprecated="2030-01-01T00:00:00.000Z"), None),
        (None, "ami-1 is gone"),
        (an_ami(state="disabled"), "ami-1 is disabled, not available"),
        (an_ami(state="pending"), "ami-1 is pending, not available"),
        (an_ami(deprecated="2026-11-01T00:00:00.000Z"), "ami-1 is deprecated since 2026-11-01T00:00:00.000Z"),
    ],
)
def test_an_ami_of_ours_can_be_used_or_not(ami: Ami | None, problem: str | None) -> None:
    assert ami_problem(ami, "ami-1", NOW) == problem
