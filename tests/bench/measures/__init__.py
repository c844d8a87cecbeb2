# SPDX-License-Identifier: GPL-3.0-or-later
"""One file for each measure, taken in the order of their `ORDER`. A new file here is a new measure.

A file has `ORDER` and `measure(place: Workshop) -> Iterator[Row]`.
"""

from __future__ import annotations

import importlib
import pkgutil
import typing as t

if t.TYPE_CHECKING:
    from tests.bench.table import Row
    from tests.bench.workshop import Workshop

Measure = t.Callable[["Workshop"], t.Iterator["Row"]]


def measures() -> dict[str, Measure]:
    """Return the measures by the names of their files."""
    found = [importlib.import_module(f"{__name__}.{item.name}") for item in pkgutil.iter_modules(__path__)]
    return {
        module.__name__.rpartition(".")[2]: module.measure for module in sorted(found, key=lambda module: module.ORDER)
    }
