# SPDX-License-Identifier: GPL-3.0-or-later
"""Take every measure in a lab of its own, and print one table."""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile

from tests.bench.measures import measures
from tests.bench.table import table
from tests.bench.workshop import BuildError, Workshop, workshop


def main() -> int:
    """Return 0 when there are figures, whatever they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", choices=sorted(measures()), help="take this measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="golden-bench-") as directory, workshop(pathlib.Path(directory)) as place:
        try:
            print(report(place, options.only))
        except BuildError as exc:
            print(exc, file=sys.stderr)
            return 1
    return 0


def report(place: Workshop, only: list[str] | None) -> str:
    """Take the measures and return them as a table."""
    rows = [row for name, take in measures().items() if not only or name in only for row in take(place)]
    return table(rows)


if __name__ == "__main__":
    sys.exit(main())
