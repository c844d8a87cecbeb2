# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the roles of an image took in its last builds. pygal draws it, as SVG without styles and scripts."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from ..records import Build
from .model import Facts, clean, count

try:
    import pygal  # type: ignore[import-untyped]
except ImportError as exc:  # said when a report is made: the documentation must load without it
    PYGAL_IMPORT_ERROR: ImportError | None = exc
else:
    PYGAL_IMPORT_ERROR = None

# The most of each: bars in a chart, charts on a page, and colours that people can tell apart.
_BUILDS = 20
_IMAGES = 12
_COLOURS = 8
# Bars that are lower than this cannot be seen.
_VISIBLE = 0.05
REST = "the rest: boot, seal, snapshot"
_OTHERS = "other roles"
_SVG = "{http://www.w3.org/2000/svg}"
_LONG_NUMBER = re.compile(r"\d+\.\d{2,}")


class ChartError(Exception):
    """There is no library to draw with."""


class Chart(t.NamedTuple):
    """A drawing, what its colours mean, and the same as a sentence and in minutes for those who do not see it.

    ``rows`` have the id of a build and its minutes for each of ``roles``.
    """

    image: str
    svg: str
    roles: tuple[str, ...]
    summary: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


class Charts(t.NamedTuple):
    """The charts, and how many images have none though they could."""

    charts: tuple[Chart, ...]
    left_out: int


def charts(facts: Facts) -> Charts:
    """Draw the images that were built last. Raises ChartError."""
    timed = {image: [build for build in builds if build.roles][:_BUILDS] for image, builds in facts.by_image.items()}
    images = sorted((image for image in timed if timed[image]), key=lambda image: timed[image][0].id, reverse=True)
    drawn = tuple(_chart(image, list(reversed(timed[image]))) for image in images[:_IMAGES])
    return Charts(drawn, max(0, len(images) - _IMAGES))


def _chart(image: str, builds: list[Build]) -> Chart:
    series = _series(builds)
    totals = [build.seconds or sum(role.seconds for role in build.roles) for build in builds]
    slowest = max(series, key=lambda name: series[name][-1])
    summary = (
        f"{count(len(builds), 'build')}, {totals[-1] / 60:.1f} minutes the last one. "
        f"Most of it: {slowest}, {series[slowest][-1] / 60:.1f} minutes."
    )
    minutes = zip(*([f"{one / 60:.1f}" for one in seconds] for seconds in series.values()), strict=True)
    rows = tuple((build.id, tuple(row)) for build, row in zip(builds, minutes, strict=True))
    return Chart(image, _draw(image, builds, series), tuple(series), summary, rows)


def _series(builds: t.Sequence[Build]) -> dict[str, list[float]]:
    """Return seconds by role and build; what is not of a role, or of one role too many, at the end."""
    sums: dict[str, float] = {}
    for build in builds:
        for role in build.roles:
            sums[role.name] = sums.get(role.name, 0) + role.seconds
    largest = set(sorted(sums, key=lambda name: -sums[name])[: _COLOURS - 2])
    named = {name: [_seconds(build, {name}) for build in builds] for name in sums if name in largest}
    if len(sums) > len(largest):
        named[_OTHERS] = [_seconds(build, sums.keys() - largest) for build in builds]
    rest = [max(0.0, (build.seconds or 0) - _seconds(build, sums.keys())) for build in builds]
    return {**named, REST: rest} if any(rest) else named


def _seconds(build: Build, names: t.Collection[str]) -> float:
    return sum(role.seconds for role in build.roles if role.name in names)


def _draw(image: str, builds: t.Sequence[Build], series: t.Mapping[str, list[float]]) -> str:
    if PYGAL_IMPORT_ERROR is not None:
        raise ChartError(
            f"ansible-playbook's Python has no pygal, which draws the charts ({PYGAL_IMPORT_ERROR}). "
            "Install it: make setup, or pip install pygal"
        ) from PYGAL_IMPORT_ERROR
    chart = pygal.StackedBar(
        width=900, height=320, margin=10, show_legend=False, no_prefix=True, js=(), css=(),
        x_label_rotation=30, y_title="minutes", no_data_text="",
    )  # fmt: skip
    chart.x_labels = [f"{build.started[5:10]} {build.started[11:16]}" for build in builds]
    for name, seconds in series.items():
        chart.add(clean(name), [round(one / 60, 2) for one in seconds])
    return _plain(chart.render(), image, [build.id for build in builds], list(series))


def _plain(svg: str | bytes, image: str, builds: t.Sequence[str], names: t.Sequence[str]) -> str:
    """Return pygal's drawing without what the page's own styles do, and with a title for each bar."""
    root = ET.fromstring(svg)  # noqa: S314 - it was made here
    for parent in list(root.iter()):
        for child in list(parent):
            layer = child.get("class", "").startswith("plot ") or child.tag in (f"{_SVG}defs", f"{_SVG}title")
            if layer or child.tag == f"{_SVG}desc":
                parent.remove(child)
    for bars in root.iter(f"{_SVG}g"):
        match = re.search(r"\bserie-(\d+)\b", bars.get("class", ""))
        if match:
            _name_bars(bars, builds, clean(names[int(match[1])]))
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name in ("style", "id", "rx", "ry") or not value:
                del element.attrib[name]
            else:
                element.set(name, _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", value))
    root.set("role", "img")
    root.set("aria-label", f"Build times of {clean(image)}")
    ET.register_namespace("", _SVG[1:-1])
    return ET.tostring(root, encoding="unicode")


def _name_bars(bars: ET.Element, builds: t.Iterable[str], role: str) -> None:
    """Let each bar say what it is, and remove those of roles that a build did not have."""
    for place, build in zip(list(bars.iter(f"{_SVG}g"))[2:], builds, strict=True):
        rect = place.find(f"{_SVG}rect")
        if rect is None or float(rect.get("height", "0")) < _VISIBLE:
            place.clear()
            continue
        rect.set("class", "bar")
        ET.SubElement(rect, f"{_SVG}title").text = f"{role}, build {build}"
