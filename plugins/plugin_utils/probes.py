# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine can see: Packer, files on the network, space on its disks."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.request

from .preflight import Answer

_AGENT = "golden-windows-ami preflight"


def run_packer(packer: str, *arguments: str, timeout: float = 30) -> str | None:
    """Return what Packer prints, None when it is not there. Does not let it phone home."""
    path = shutil.which(packer)
    if path is None:
        return None
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "PACKER_LOG": ""}
    try:
        # Packer's path is the user's own setting, and the arguments are constants.
        done = subprocess.run(  # noqa: S603
            [path, *arguments], env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {timeout:g} seconds"
    except OSError as exc:
        return f"it cannot be run: {exc.strerror}"
    return done.stdout + done.stderr


def ask(url: str, proxy: str = "", timeout: float = 10) -> Answer:
    """Ask for a file without fetching it: HEAD, or its first byte from servers that do not like HEAD."""
    first = _request(url, "HEAD", proxy, timeout)
    if first.status in (400, 401, 403, 404, 405, 501):
        return _request(url, "GET", proxy, timeout)
    return first


def free_mib(path: pathlib.Path) -> int:
    """Return the free space where a directory is, or will be."""
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    return shutil.disk_usage(there).free // 2**20


def _request(url: str, method: str, proxy: str, timeout: float) -> Answer:
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    # Without a proxy of ours the environment's counts, as for every other program here.
    handler = urllib.request.ProxyHandler(proxies or None)
    headers = {"User-Agent": _AGENT, **({"Range": "bytes=0-0"} if method == "GET" else {})}
    try:
        request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - http or https, see roles
        with urllib.request.build_opener(handler).open(request, timeout=timeout) as answer:
            return Answer(answer.status)
    except urllib.error.HTTPError as exc:
        return Answer(exc.code)
    except urllib.error.URLError as exc:
        return Answer(None, str(exc.reason))
    except (OSError, ValueError) as exc:
        return Answer(None, str(exc))
