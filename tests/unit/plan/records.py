# SPDX-License-Identifier: GPL-3.0-or-later
"""Records with sensible values, for the tables of the tests."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.bases import Ami
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import BUILT, Build

REGION = "eu-west-1"
BASE_NAME = "Windows_Server-2022-English-Full-Base-2026.11.11"


def a_build(image: str, number: int = 1, **values: t.Any) -> Build:
    """Return a finished build; its AMI's id ends in its number."""
    return Build(
        **{
            "id": f"20261122T16450{number}Z-00000{number}",
            "image": image,
            "status": BUILT,
            "started": "2026-11-22T16:45:00Z",
            "finished": "2026-11-22T17:00:00Z",
            "amis": {REGION: f"ami-{image}-{number}"},
            **values,
        }
    )


def an_ami(**values: t.Any) -> Ami:
    """Return an available Windows AMI of Amazon."""
    return Ami(
        **{
            "id": "ami-00000001",
            "name": BASE_NAME,
            "state": "available",
            "owner": "amazon",
            "created": "2026-11-11T00:00:00.000Z",
            "platform": "windows",
            "architecture": "x86_64",
            "deprecated": None,
            "root_gib": 30,
            "tags": {},
            **values,
        }
    )
