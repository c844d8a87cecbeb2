# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts become a page: HTML with its styles, its script and its drawings inside, and nothing to fetch."""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import re
import typing as t

import jinja2
import markupsafe

from ..image_audit_rules import SEVERITIES
from ..records import timestamp
from . import tables
from .ages import ages
from .charts import charts
from .lineage import picture
from .model import Facts, Table, clean

_HERE = pathlib.Path(__file__).parent
_MOMENT = re.compile(r'<time id="asked" datetime="[^"]*">[^<]*</time>')
_DIGEST = re.compile(r'<script type="application/json" id="digest">(.*?)</script>', re.DOTALL)

# As in page.css.
_PHONE = "(max-width: 40rem)"
# A long table begins with so many rows; the script shows the others when asked to, and without scripts all are shown.
# What a browser need not lay out is what makes a page of thousands of rows open at once.
_FIRST_ROWS = 100
_BARE = f"tr[hidden] {{ display: table-row; }} @media {_PHONE} {{ tr[hidden] {{ display: block; }} }}"

_TABLES: tuple[t.Callable[[Facts], Table], ...] = (
    tables.missing, tables.findings, tables.channels, tables.history, ages, tables.running, tables.builds,
)  # fmt: skip


class Tile(t.NamedTuple):
    """A number that stands out, what it counts, and where more of it is."""

    number: str
    what: str
    where: str
    tone: str = ""


def render(facts: Facts, title: str) -> str:
    """Return the page. Raises ChartError when there is nothing to draw with."""
    shown = [make(facts) for make in _TABLES]
    style, script = "\n".join((_text("page.css"), *map(_names, shown))), _text("page.js")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(_HERE), finalize=_shown,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        title=title,
        asked=timestamp(facts.estate.asked),
        places=", ".join(map(str, facts.estate.places)) or "no place",
        tiles=_tiles(facts),
        picture=picture(facts),
        charts=charts(facts),
        tables={one.id: one for one in shown},
        digest=digest(facts),
        here=facts.known.keys() & {build.id for build in facts.builds},
        style=markupsafe.Markup(style),  # noqa: S704 - it is a file of ours
        script=markupsafe.Markup(script),  # noqa: S704
        bare=_BARE,
        first_rows=_FIRST_ROWS,
        style_hash=_hash(style),
        bare_hash=_hash(_BARE),
        script_hash=_hash(script),
    )


def digest(facts: Facts) -> dict[str, t.Any]:
    """Return the little that a diff of two reports shows."""
    return {
        "builds": {image: f"{len(builds)}, newest {builds[0].id}" for image, builds in facts.by_image.items()},
        "channels": {f"{move.image} {move.channel}": move.build_id for move in facts.moves},
        "findings": facts.audit.counts,
        "things": len(facts.audit.things),
        "missing": [f"{gap.place} {gap.question}" for gap in sorted(facts.estate.gaps)],
    }


def digest_in(page: str) -> str:
    """Return the digest of a page as lines; "" when it has none."""
    found = _DIGEST.search(page)
    try:
        return json.dumps(json.loads(found[1]), indent=2, ensure_ascii=False, sort_keys=True) + "\n" if found else ""
    except ValueError:
        return ""


def same(page: str, other: str) -> bool:
    """Whether two pages say the same, but for the moment at which they were made."""
    return _MOMENT.sub("", page) == _MOMENT.sub("", other)


def _tiles(facts: Facts) -> list[Tile]:
    counts = facts.audit.counts
    tones = dict(zip(SEVERITIES, ("error", "warning", "note"), strict=True))
    tiles = [
        Tile(f"{counts[one]:,}", f"{one}s", "findings", tones[one] if counts[one] else "good") for one in SEVERITIES
    ]
    missing = len(facts.estate.gaps)
    return [
        *tiles,
        Tile(f"{missing:,}", "missing answers", "missing", "error" if missing else "good"),
        Tile(f"{len(facts.by_image):,}", "images", "lineage"),
        Tile(f"{len(facts.builds):,}{'+' if facts.older else ''}", "builds", "builds"),
        Tile(f"{len(facts.moves):,}", "channels", "channels"),
        Tile(f"{len(facts.audit.things):,}", "things that launch", "running"),
    ]


def _shown(value: t.Any) -> t.Any:
    """Clean every text on its way into the page; what is markup already was made here."""
    return clean(value) if isinstance(value, str) and not isinstance(value, markupsafe.Markup) else value


def _names(table: Table) -> str:
    """Return the styles that put the name of its column before each cell, on a phone."""
    rules = (
        f"#{table.id} td:nth-child({number})::before {{ content: {json.dumps(name)}; }}"
        for number, name in enumerate(table.columns, 1)
    )
    return f"@media {_PHONE} {{ {' '.join(rules)} }}"


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
