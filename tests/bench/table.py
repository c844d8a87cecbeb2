# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures side by side: the whole, then each image."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Row:
    """One measure. `whole` is for the lab or for both images; a name that begins with two spaces is a part of it."""

    name: str
    unit: str = ""
    whole: float | None = None
    images: t.Mapping[str, float] = dataclasses.field(default_factory=dict)
    goal: float | None = None


def table(rows: t.Sequence[Row]) -> str:
    """Return lines of text in columns. What is beyond its goal is marked, and that is all that happens to it."""
    images = list(dict.fromkeys(image for row in rows for image in row.images))
    lines = [["MEASURE", "GOAL", "", *images]]
    for row in rows:
        late = row.goal is not None and row.whole is not None and row.whole > row.goal
        figures = [_figure(row.images.get(image), row.unit) for image in images]
        goal = f"<= {_figure(row.goal, row.unit)}" if row.goal is not None else ""
        lines.append([row.name, goal, _figure(row.whole, row.unit) + (" (over)" if late else ""), *figures])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = (
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    text = f"{value:,.1f}" if value != int(value) else f"{int(value):,}"
    return f"{text} {unit}".rstrip()
