# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/lab.md names what there is to break, and the places it speaks of exist."""

from __future__ import annotations

import re
import typing as t
import urllib.error

import pytest

from lab.cloud import FAULT_TAG, FAULTS
from lab.ec2.faults import KINDS, PARAMETERS
from lab.wsman.trouble import Trouble
from tests.lab.ec2.support import ROOT, Lab

PAGE = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")


def test_every_fault_is_explained() -> None:
    section = PAGE.partition("### Faults of an instance")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == sorted(FAULTS, key=section.index)
    assert f"`{FAULT_TAG}`" in PAGE


def test_every_parameter_of_an_api_fault_is_explained() -> None:
    section = PAGE.partition("### Faults of the AWS API")[2].partition("\n### ")[0]
    for name in (*PARAMETERS, *KINDS, "clear"):
        assert re.search(rf"[`?]{name}[`=]", section), name


def test_every_control_is_explained(lab: Lab) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        lab.control("nothing")
    known = set(re.findall(r"/lab/([\w-]+)'", refused.value.read().decode()))
    assert known >= {"status", "fault"}
    assert set(re.findall(r"/lab/([\w-]+)[?`]", PAGE)) == known


def test_every_kind_of_trouble_is_explained() -> None:
    for kind in t.get_args(t.get_type_hints(Trouble)["kind"]):
        assert f"`{kind}`" in PAGE


def test_the_files_it_names_exist() -> None:
    named = set(re.findall(r"`(lab/[\w./]+)`", PAGE))
    assert named
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]
