# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and bases as an inventory describes them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.images import (
    Base,
    Image,
    ImageDataError,
    in_order,
    parse,
    select,
    with_ancestors,
)

BASES = {"windows_server_2022": {"ssm_parameter": "/aws/x/Windows_Server-2022-English-Full-Base"}}
IMAGES: dict[str, t.Any] = {
    "web": {"parent": "tentacle", "roles": ["golden.windows_ami.iis_dotnet"]},
    "tentacle": {"base": "windows_server_2022", "description": "Tentacle", "vars": {"proxy_url": "http://p:1"}},
}


def complaint(images: t.Any = None, bases: t.Any = None) -> str:
    """Return what parse says about wrong data."""
    with pytest.raises(ImageDataError) as caught:
        parse(IMAGES if images is None else images, BASES if bases is None else bases)
    return str(caught.value)


def test_images_and_bases_become_records() -> None:
    images, bases = parse(IMAGES, BASES)
    assert images["web"] == Image("web", parent="tentacle", roles=("golden.windows_ami.iis_dotnet",))
    assert images["tentacle"] == Image(
        "tentacle", "Tentacle", base="windows_server_2022", vars={"proxy_url": "http://p:1"}
    )
    assert bases["windows_server_2022"] == Base(
        "windows_server_2022", "ssm_parameter", "/aws/x/Windows_Server-2022-English-Full-Base", "amazon", None
    )


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({}, "There are no images"),
        (["web"], "golden_images must be a dictionary of images by name, not a list."),
        ({"web": None}, "Image web: must be a dictionary, not empty."),
        ({"a b": {"base": "windows_server_2022"}}, "Image a b: a name has up to 64"),
        ({"web": {}}, "Image web: needs exactly one of base and parent; it has neither."),
        (
            {**IMAGES, "x": {"base": "windows_server_2022", "parent": "web"}},
            "Image x: needs exactly one of base and parent; it has both (base windows_server_2022, parent web).",
        ),
        ({"web": {"base": "windows_server_2022", "rolse": []}}, "Image web: unknown key 'rolse'. Did you mean roles?"),
        ({"web": {"base": "windows_server_2022", "roles": "iis"}}, "Image web: roles must be a list of role names"),
        ({"web": {"base": "windows_server_2022", "roles": [{"role": "iis"}]}}, "Image web: roles must be a list"),
        ({"web": {"base": "windows_server_2022", "vars": []}}, None),
        ({"web": {"base": "windows_server_2022", "vars": ["x"]}}, "Image web: vars must be a dictionary, not a list."),
        ({"web": {"base": "windows_server_2022", "vars": {"a-b": 1}}}, "cannot be variable names: 'a-b'."),
        (
            {"web": {"base": "windows_server_202"}},
            "Image web: base 'windows_server_202' is not in golden_bases. Did you mean windows_server_2022? "
            "Known: windows_server_2022.",
        ),
        (
            {**IMAGES, "x": {"parent": "tentacel"}},
            "Image x: parent 'tentacel' is not in golden_images. Did you mean tentacle? Known: tentacle, web, x.",
        ),
        ({"web": {"parent": "windows_server_2022"}}, "But base windows_server_2022 would work."),
        ({**IMAGES, "x": {"base": "web"}}, "But parent web would work."),
    ],
)
def test_wrong_images_are_explained(images: t.Any, message: str | None) -> None:
    if message is None:
        parse(images, BASES)
    else:
        assert message in complaint(images)


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ({}, "Base b: needs exactly one of ssm_parameter, name, ami_id; it has none of them."),
        ({"name": "x", "ami_id": "ami-12345678"}, "it has name and ami_id."),
        ({"ami_id": "ami-xyz"}, "Base b: ami_id 'ami-xyz' is not an AMI id"),
        ({"ssm_parameter": "aws/x"}, "must be a full name, starting with /."),
        ({"name": 2022}, "Base b: name must be text, not a number."),
        ({"name": "x", "ami": "y"}, "Base b: unknown key 'ami'."),
    ],
)
def test_wrong_bases_are_explained(base: dict[str, t.Any], message: str) -> None:
    assert message in complaint({"web": {"base": "b"}}, {"b": base})


def test_all_problems_come_at_once() -> None:
    text = complaint({"a": {"base": "none"}, "b": {"parent": "b"}, "c": {"bse": "x"}})
    assert len(text.splitlines()) == 4


def test_a_broken_entry_is_not_called_unknown_as_well() -> None:
    assert "is not in" not in complaint({"web": {"parent": "tentacle"}, "tentacle": None})


@pytest.mark.parametrize(
    ("parents", "circle"),
    [
        ({"a": "a"}, "a → a"),
        ({"a": "b", "b": "a"}, "a → b → a"),
        ({"x": "a", "a": "b", "b": "c", "c": "a"}, "a → b → c → a"),
    ],
)
def test_a_circle_is_shown_once(parents: dict[str, str], circle: str) -> None:
    text = complaint({name: {"parent": parent} for name, parent in parents.items()})
    assert text.count("in a circle") == 1
    assert f"in a circle: {circle} (" in text


def test_parents_come_before_children_and_else_the_order_is_the_inventory_s() -> None:
    images, _ = parse({**IMAGES, "other": {"base": "windows_server_2022"}}, BASES)
    assert in_order(images, ["web", "other", "tentacle"]) == ("tentacle", "other", "web")


def test_a_selection_keeps_what_was_asked_for() -> None:
    images, _ = parse(IMAGES, BASES)
    assert select(images, None) == ("tentacle", "web")
    assert select(images, [" web "]) == ("web",)
    assert with_ancestors(images, ["web"]) == ("tentacle", "web")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["webb"], "Unknown image 'webb'. Did you mean web? Known: tentacle, web."),
        (["x", "y"], "Unknown images 'x', 'y'. Known: tentacle, web."),
        ([""], "No image is named."),
    ],
)
def test_an_unknown_image_lists_the_known_ones(wanted: list[str], message: str) -> None:
    images, _ = parse(IMAGES, BASES)
    with pytest.raises(ImageDataError) as caught:
        select(images, wanted)
    assert message in str(caught.value)
