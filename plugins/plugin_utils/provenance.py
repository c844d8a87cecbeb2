# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who builds, where, from which commit, with which tools."""

from __future__ import annotations

import getpass
import pathlib
import re
import shutil
import socket
import subprocess
import typing as t

_PACKER_VERSION = re.compile(r"\bv?(\d+\.\d+\.\d+)")


class Commit(t.NamedTuple):
    """The commit that a directory is at, and whether files differ from it; None outside a git repository."""

    id: str | None
    dirty: bool


def commit_of(directory: pathlib.Path) -> Commit:
    """Return the commit of the repository around a directory."""
    commit = _output(["git", "-C", str(directory), "rev-parse", "HEAD"])
    if commit is None:
        return Commit(None, False)
    return Commit(commit, bool(_output(["git", "-C", str(directory), "status", "--porcelain"])))


def author() -> str:
    """Return the name of the user who builds."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        return "unknown"


def controller() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def packer_version(packer: str) -> str | None:
    """Return Packer's version, None when the program does not run."""
    found = _PACKER_VERSION.search(_output([packer, "version"]) or "")
    return found[1] if found else None


def _output(argv: list[str]) -> str | None:
    if shutil.which(argv[0]) is None:
        return None
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - no shell
    return done.stdout.strip() if done.returncode == 0 else None
