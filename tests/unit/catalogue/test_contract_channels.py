# SPDX-License-Identifier: GPL-3.0-or-later
"""Every catalogue remembers where channels point, and where they pointed before."""

from __future__ import annotations

import datetime as dt

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import (
    ANY,
    Catalogue,
    CatalogueError,
    ChannelMove,
    ChannelMoved,
)

from .conftest import MakeBuild

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
AT = "2026-11-23T09:00:00Z"


def test_a_channel_points_where_it_was_moved_last(catalogue: Catalogue, make_build: MakeBuild) -> None:
    one, two = (catalogue.finish(make_build(status="verified")) for _ in range(2))
    assert catalogue.channel("iis_dotnet", "stable") is None
    first = catalogue.move_channel("iis_dotnet", "stable", one.id, "ann", "tested", NOW, None)
    second = catalogue.move_channel("iis_dotnet", "stable", two.id, "bob", None, NOW, one.id)
    back = catalogue.move_channel("iis_dotnet", "stable", one.id, "ann", "rolled back", NOW, ANY)
    assert first == ChannelMove("iis_dotnet", "stable", one.id, None, AT, "ann", "tested", 1)
    assert second == ChannelMove("iis_dotnet", "stable", two.id, one.id, AT, "bob", None, 2)
    assert back == ChannelMove("iis_dotnet", "stable", one.id, two.id, AT, "ann", "rolled back", 3)
    assert catalogue.channel("iis_dotnet", "stable") == back
    assert catalogue.channel_history("iis_dotnet", "stable") == [back, second, first]
    assert catalogue.channel_history("iis_dotnet", "stable", limit=2) == [back, second]
    assert catalogue.channel_history("iis_dotnet", "candidate") == []


def test_channels_are_listed_by_image_and_name(catalogue: Catalogue, make_build: MakeBuild) -> None:
    moves = []
    for image, channel in (("b", "stable"), ("a", "stable"), ("a", "candidate"), ("ab", "stable")):
        build = catalogue.finish(make_build(image, status="verified"))
        moves.append(catalogue.move_channel(image, channel, build.id, None, None, NOW, None))
    assert catalogue.channels() == sorted(moves, key=lambda move: (move.image, move.channel))
    assert [(move.image, move.channel) for move in catalogue.channels("a")] == [("a", "candidate"), ("a", "stable")]
    assert catalogue.channels("c") == []


def test_a_channel_that_somebody_else_moved_is_left_alone(catalogue: Catalogue, make_build: MakeBuild) -> None:
    one, two, three = (catalogue.finish(make_build(status="verified")) for _ in range(3))
    with pytest.raises(ChannelMoved, match=rf"not moved: it points at no build, and not at build {one.id}\. Somebody"):
        catalogue.move_channel("iis_dotnet", "stable", two.id, "ann", None, NOW, one.id)
    move = catalogue.move_channel("iis_dotnet", "stable", two.id, "ann", None, NOW, None)
    message = f"Channel stable of iis_dotnet was not moved: it points at build {two.id} since {AT}, and not at none"
    with pytest.raises(ChannelMoved, match=message) as moved:
        catalogue.move_channel("iis_dotnet", "stable", three.id, "ann", None, NOW, None)
    assert moved.value.found == move
    assert catalogue.channel_history("iis_dotnet", "stable") == [move]


def test_a_channel_points_only_at_a_build_of_its_image(catalogue: Catalogue, make_build: MakeBuild) -> None:
    other = catalogue.finish(make_build("other", status="verified"))
    with pytest.raises(CatalogueError, match=f"cannot point at build {other.id}: it is of other"):
        catalogue.move_channel("iis_dotnet", "stable", other.id, "ann", None, NOW, ANY)
    with pytest.raises(CatalogueError, match="Channel stable of iis_dotnet: there is no build 20261122T000000Z-abcdef"):
        catalogue.move_channel("iis_dotnet", "stable", "20261122T000000Z-abcdef", "ann", None, NOW, ANY)
    assert catalogue.channels() == []
