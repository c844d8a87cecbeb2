# SPDX-License-Identifier: GPL-3.0-or-later
"""An EC2 in this process, and one behind HTTP."""

from __future__ import annotations

import pathlib
import typing as t

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsSettings
from moto import mock_aws

from tests.unit.running import an_ec2

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def ec2() -> t.Iterator[t.Any]:
    """Return a client of an EC2 in this process."""
    with mock_aws():
        yield boto3.client("ec2", REGION)


@pytest.fixture
def aws(ec2: t.Any) -> Aws:
    """Return our adapter for the same EC2."""
    return Aws(AwsSettings(region=REGION))


@pytest.fixture(scope="module")
def endpoint() -> t.Iterator[str]:
    """Return the address of an EC2 behind HTTP."""
    with an_ec2() as address:
        yield address


@pytest.fixture
def config(tmp_path: pathlib.Path) -> t.Callable[..., str]:
    """Return a function that writes an AWS config file and returns its path."""

    def write(**values: str) -> str:
        path = tmp_path / "config"
        lines = [f"{name} = {value}" for name, value in values.items()]
        path.write_text("\n".join(["[default]", *lines, ""]))
        return str(path)

    return write
