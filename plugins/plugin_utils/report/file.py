# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's file: written whole or not at all, and left alone when it says the same already."""

from __future__ import annotations

import os
import pathlib
import typing as t

from .page import digest_in, same

_MODE = 0o644


class FileError(Exception):
    """The file cannot be read or written; the text says which one, and why."""


class Written(t.NamedTuple):
    """Whether the file changed, or would; and the digests of what it said before and says now."""

    changed: bool
    before: str
    after: str


def write_page(path: pathlib.Path, page: str, keep: bool) -> Written:
    """Write a page to a file that everybody may read; with ``keep`` only say what would be. Raises FileError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        old = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        fine = bool(old) and same(old, page) and path.stat().st_mode & 0o777 == _MODE
        written = Written(not fine, digest_in(old), digest_in(page))
        if fine or keep:
            return written
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), _MODE)  # whatever the umask says
            stream.write(page)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as exc:
        raise FileError(f"Cannot write {path}: {exc.strerror}") from exc
    finally:
        beside.unlink(missing_ok=True)
    return written
