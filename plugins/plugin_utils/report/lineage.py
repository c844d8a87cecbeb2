# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and what they are made from, as a picture: where boxes and lines go. Pure.

What an image is made from is at its left: a stock AMI of Amazon's in the first column, another image before it.
"""

from __future__ import annotations

import typing as t

from ..estate_answers import family_of
from ..records import USABLE, Build
from .ages import age_of
from .model import Facts, clean, count

# In the units of the picture, which are pixels unless it is zoomed.
_WIDTH, _HEIGHT = 320, 92
_ACROSS, _DOWN = 50, 22
_MARGIN = 4
_LETTERS = 32
_STOCK_LETTERS = 38
_SMALL_LETTERS = 44


class Node(t.NamedTuple):
    """A box; ``lines`` stand below its name. ``tone`` is stock, or what the newest build deserves."""

    name: str
    full: str
    lines: tuple[str, ...]
    tone: str
    build: str | None
    x: int
    y: int


class Edge(t.NamedTuple):
    """A line from a box to one that is made from it, as a path of SVG."""

    path: str


class Picture(t.NamedTuple):
    """Boxes and lines, how large they are together, and the same as sentences."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    sentences: tuple[str, ...]
    box: tuple[int, int] = (_WIDTH, _HEIGHT)


def picture(facts: Facts) -> Picture:
    """Lay out all images."""
    parents = {image: _parent(facts, facts.current(image)) for image in facts.by_image}
    order = _order(parents)
    places = {name: (depth, row) for name, depth, row in _rows(order, parents)}
    nodes = tuple(_node(facts, name, *_corner(*places[name])) for name in order)
    edges = tuple(
        Edge(_path(places[parent], places["image", image]))
        for image, parent in parents.items()
        if parent in places and parent != ("image", image)
    )
    columns = 1 + max((depth for depth, _row in places.values()), default=0)
    rows = 1 + max((row for _depth, row in places.values()), default=0)
    width = 2 * _MARGIN + columns * (_WIDTH + _ACROSS) - _ACROSS
    height = 2 * _MARGIN + rows * (_HEIGHT + _DOWN) - _DOWN
    sentences = tuple(
        f"{image} is made from {parent[1] if parent else 'something that is not known'}."
        for image, parent in parents.items()
    )
    return Picture(nodes, edges, width, height, sentences)


# What a box stands for: "image" or "base", and its name.
_Name = tuple[str, str]


def _parent(facts: Facts, build: Build) -> _Name | None:
    if build.parent_build:
        parent = facts.known.get(build.parent_build)
        return ("image", parent.image) if parent else ("base", f"build {build.parent_build}")
    name = build.source_ami_name or build.source_ami
    return ("base", family_of(name) or name) if name else None


def _order(parents: t.Mapping[str, _Name | None]) -> list[_Name]:
    """Return all boxes, each before those that are made from it; what is made from itself in a circle comes last."""
    children: dict[_Name | None, list[_Name]] = {}
    for image, parent in parents.items():
        children.setdefault(parent, []).append(("image", image))
    roots = [parent for parent in children if parent and parent[0] == "base"]
    waiting = [*sorted(roots), *children.get(None, ()), *(("image", image) for image in parents)]
    found: dict[_Name, None] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting = [*children.get(name, ()), *waiting]
    return list(found)


def _rows(order: t.Sequence[_Name], parents: t.Mapping[str, _Name | None]) -> t.Iterator[tuple[_Name, int, int]]:
    """Yield each box with its column and row: a first child stands beside its parent, the others below."""
    depths: dict[_Name, int] = {}
    row, last = -1, -1
    for name in order:
        parent = parents.get(name[1]) if name[0] == "image" else None
        depth = depths[parent] + 1 if parent in depths else 0
        if not (parent and last == depth - 1 and depth):
            row += 1
        depths[name], last = depth, depth
        yield name, depth, row


def _corner(depth: int, row: int) -> tuple[int, int]:
    return _MARGIN + depth * (_WIDTH + _ACROSS), _MARGIN + row * (_HEIGHT + _DOWN)


def _path(start: tuple[int, int], end: tuple[int, int]) -> str:
    (left, top), (right, bottom) = _corner(*start), _corner(*end)
    begin, middle = left + _WIDTH, (left + _WIDTH + right) // 2
    upper, lower = top + _HEIGHT // 2, bottom + _HEIGHT // 2
    return f"M{begin} {upper}C{middle} {upper} {middle} {lower} {right} {lower}"


def _node(facts: Facts, name: _Name, x: int, y: int) -> Node:
    kind, text = name
    if kind == "base":
        return Node(_short(text, _STOCK_LETTERS), clean(text), _stock_lines(facts, text), "stock", None, x, y)
    build = facts.current(text)
    behind = age_of(facts, build).behind
    tone = "error" if build.status not in USABLE else "unknown" if behind is None else "warning" if behind else "good"
    lines = (
        f"{count(len(facts.by_image[text]), 'build')}, {build.status} {build.started[:10]}",
        _channels(facts, text),
        _users(facts, text) + _parent_line(facts, build),
    )
    return Node(
        _short(text, _LETTERS), clean(text), tuple(_short(line, _SMALL_LETTERS) for line in lines), tone, build.id, x, y
    )


def _stock_lines(facts: Facts, family: str) -> tuple[str, ...]:
    ids = {ami for (_region, name), ami in facts.estate.stock.items() if name == family}
    names = sorted({facts.names[ami].name for ami in ids if ami in facts.names})
    newest = names[-1].removeprefix(family).lstrip("-") if names else "not known"
    return "Amazon's, not ours", f"newest: {newest}"


def _channels(facts: Facts, image: str) -> str:
    names = sorted(move.channel for move in facts.moves if move.image == image)
    return f"channels: {', '.join(names)}" if names else "no channel"


def _users(facts: Facts, image: str) -> str:
    amis = [ami for build in facts.by_image[image] for ami in build.amis.values()]
    things = {(use.place, use.kind, use.id) for use in facts.estate.uses_of(amis)}
    return f"used by {count(len(things), 'thing')}"


def _parent_line(facts: Facts, build: Build) -> str:
    """Return a remark when a newer build of the parent is there."""
    parent = facts.known.get(build.parent_build or "")
    return ", older parent" if parent and facts.current(parent.image).id > parent.id else ""


def _short(text: str, letters: int) -> str:
    text = clean(text)
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
