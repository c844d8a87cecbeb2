# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open the catalogue that a URL names."""

from __future__ import annotations

import os
import pathlib
import typing as t
import urllib.parse

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

if t.TYPE_CHECKING:
    from ..ec2 import Aws, AwsSettings

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
    "create_table",
    "lease_name",
    "open_catalogue",
]


_AWS_OPTIONS = ("config_file", "profile", "region")


def open_catalogue(
    url: str, base: str | os.PathLike[str] = ".", readonly: bool = False, aws: AwsSettings | None = None
) -> Catalogue:
    """Open the catalogue at a URL: ``sqlite:PATH``, or ``dynamodb:TABLE`` with ``?region=...&profile=...``.

    A relative path starts at ``base``, and ``~`` is the home directory. A sqlite file is made when it is not there, or
    seems empty when it is only read; a DynamoDB table must be there. ``aws`` says where AWS is as far as the URL, with
    its options ``region``, ``profile`` and ``config_file``, does not. The catalogue's own ``url`` opens it from
    anywhere. Raises CatalogueError.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or scheme not in ("sqlite", "dynamodb"):
        raise CatalogueError(
            f"The catalogue URL {url!r} must start with a scheme that this version knows: sqlite:, dynamodb:"
        )
    if scheme == "sqlite":
        return _open_sqlite(url, rest, pathlib.Path(base), readonly)
    return _open_dynamodb(url, rest, pathlib.Path(base), readonly, aws)


def _open_sqlite(url: str, rest: str, base: pathlib.Path, readonly: bool) -> Catalogue:
    # sqlite:///srv/x is how other tools write sqlite:/srv/x.
    path = rest[2:] if rest.startswith("///") else rest
    if not path or path.startswith("//"):
        raise CatalogueError(f"The catalogue URL {url!r} names no file: write sqlite:PATH")
    return SqliteCatalogue(_absolute(path, base), readonly=readonly)


def create_table(
    url: str, base: str | os.PathLike[str] = ".", aws: AwsSettings | None = None, dry: bool = False
) -> bool:
    """Make the table of a catalogue ``dynamodb:TABLE``, or finish one; return whether anything changed.

    With ``dry`` nothing is made: it says whether something would be. Raises CatalogueError.
    """
    from .dynamodb_table import create, is_complete

    scheme, _colon, rest = url.partition(":")
    if scheme != "dynamodb":
        raise CatalogueError(f"The catalogue {url} needs no table: only dynamodb:TABLE has one")
    session, table, _url = _dynamodb(url, rest, pathlib.Path(base), aws)
    return not is_complete(session, table) if dry else create(session, table)


def _open_dynamodb(url: str, rest: str, base: pathlib.Path, readonly: bool, aws: AwsSettings | None) -> Catalogue:
    from .dynamodb import DynamoCatalogue

    session, table, full = _dynamodb(url, rest, base, aws)
    return DynamoCatalogue(session, table, full, readonly)


def _dynamodb(url: str, rest: str, base: pathlib.Path, aws: AwsSettings | None) -> tuple[Aws, str, str]:
    """Return a session, the table, and the URL with where AWS is written out."""
    # Reading boto's own code takes longer than a whole play without AWS may.
    from ..ec2 import Aws, AwsError, AwsSettings

    aws = aws or AwsSettings()
    table, _mark, query = rest.partition("?")
    if not table or "/" in table:
        raise CatalogueError(f"The catalogue URL {url!r} names no table: write dynamodb:TABLE")
    options = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    wrong = sorted(key for key, value in options.items() if key not in _AWS_OPTIONS or not value)
    if wrong:
        raise CatalogueError(
            f"The catalogue URL {url!r} has options that mean nothing: {', '.join(wrong)}. Known, with a value: "
            f"{', '.join(_AWS_OPTIONS)}"
        )
    config_file = options.get("config_file") or aws.config_file
    if config_file:
        config_file = str(_absolute(config_file, base))
    try:
        session = Aws(
            AwsSettings(config_file, options.get("profile") or aws.profile, options.get("region") or aws.region)
        )
    except AwsError as exc:
        raise CatalogueError(f"Cannot open the catalogue {url}: {exc}") from exc
    known = {"config_file": config_file, "profile": options.get("profile") or aws.profile, "region": session.region}
    given = urllib.parse.urlencode({key: value for key, value in known.items() if value}, safe="/:")
    return session, table, f"dynamodb:{table}?{given}"


def _absolute(path: str, base: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(os.path.abspath(base / pathlib.Path(path).expanduser()))
