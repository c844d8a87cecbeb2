# SPDX-License-Identifier: GPL-3.0-or-later
"""File shares of other servers: files by UNC path, and who may read them.

Windows shows another server a password only where it has one. A session that came with NTLM, as WinRM's do, has none,
so it can open no share that asks who comes.
"""

from __future__ import annotations

import typing as t

from lab.windows.errors import WindowsError

# Somebody as another server sees him: name and password, both empty for a session that has no password to show.
Credentials = tuple[str, str]
NOBODY: Credentials = ("", "")
ACCESS_DENIED, BAD_NETWORK_PATH = 5, 53


class Shares:
    """What of the network's shares there is."""

    def __init__(self, files: t.Mapping[str, bytes], readers: t.Mapping[str, str]) -> None:
        """Serve files by their UNC path to readers, who are passwords by name (``CORP\\installer``)."""
        self._files = {path.lower(): content for path, content in files.items()}
        self._readers = {name.lower(): password for name, password in readers.items()}

    def read(self, path: str, who: Credentials) -> bytes:
        """Give a file.

        :raises WindowsError: code 5 he may not, 53 there is no such share, 2 it has no such file.
        """
        if not any(known.startswith(_share(path)) for known in self._files):
            raise WindowsError(BAD_NETWORK_PATH, path)
        name, password = who
        if not name or self._readers.get(name.lower()) != password:
            raise WindowsError(ACCESS_DENIED, path)
        if path.lower() not in self._files:
            raise WindowsError(2, path)
        return self._files[path.lower()]


def is_unc(path: str) -> bool:
    """Say whether a path is on a share."""
    return path.startswith("\\\\") and not path.startswith(("\\\\?\\", "\\\\.\\"))


def _share(path: str) -> str:
    server, _, rest = path[2:].lower().partition("\\")
    return f"\\\\{server}\\{rest.partition(chr(92))[0]}\\"
