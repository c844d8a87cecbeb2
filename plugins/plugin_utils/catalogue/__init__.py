# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open the catalogue that a URL names."""

from __future__ import annotations

import os
import pathlib
import typing as t

from .interface import (
    ANY,
    AmiClaimed,
    Anything,
    Catalogue,
    CatalogueError,
    ChannelMove,
    ChannelMoved,
    Event,
    Lease,
    LeaseHeld,
    LeaseLost,
    StatusChanged,
    lease_name,
)
from .sqlite import SqliteCatalogue

__all__ = [
    "ANY",
    "AmiClaimed",
    "Anything",
    "Catalogue",
    "CatalogueError",
    "ChannelMove",
    "ChannelMoved",
    "Event",
    "Lease",
    "LeaseHeld",
    "LeaseLost",
    "StatusChanged",
    "lease_name",
    "open_catalogue",
]


def open_catalogue(url: str, base: str | os.PathLike[str] = ".", readonly: bool = False) -> Catalogue:
    """Open the catalogue at a URL such as ``sqlite:catalogue.sqlite``.

    A relative path starts at ``base``, and ``~`` is the home directory. The store is made when it is not there, or
    seems empty when it is only read. Raises CatalogueError.
    """
    scheme, colon, rest = url.partition(":")
    opener = _SCHEMES.get(scheme) if colon else None
    if opener is None:
        known = ", ".join(f"{name}:" for name in _SCHEMES)
        raise CatalogueError(f"The catalogue URL {url!r} must start with a scheme that this version knows: {known}")
    return opener(url, rest, pathlib.Path(base), readonly)


def _open_sqlite(url: str, rest: str, base: pathlib.Path, readonly: bool) -> Catalogue:
    # sqlite:///srv/x is how other tools write sqlite:/srv/x.
    path = rest[2:] if rest.startswith("///") else rest
    if not path or path.startswith("//"):
        raise CatalogueError(f"The catalogue URL {url!r} names no file: write sqlite:PATH")
    return SqliteCatalogue(pathlib.Path(os.path.abspath(base / pathlib.Path(path).expanduser())), readonly=readonly)


_SCHEMES: dict[str, t.Callable[[str, str, pathlib.Path, bool], Catalogue]] = {"sqlite": _open_sqlite}
