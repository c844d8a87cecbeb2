# SPDX-License-Identifier: GPL-3.0-or-later
"""Download a file."""

from __future__ import annotations

import email.utils
import re
import urllib.parse

from lab.windows import paths, web
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_stat import checksum as digest
from lab.windows.runtime import HttpResponse

NAMES = ("ansible.windows.win_get_url",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring what is behind a URL to a path."""
    result: Result = {"changed": False, "elapsed": 0.0, "url": params["url"]}
    dest = _destination(machine, params)
    result["dest"] = dest
    algorithm = params["checksum_algorithm"].lower()
    checksum = (params["checksum"] or "").strip().lower()
    if params["checksum_url"]:
        checksum = _remote_checksum(machine, params, context, result)
    present = machine.files.is_file(dest)
    current = digest(machine.files.read(dest), algorithm) if present else ""
    force = params["force"] or bool(checksum and current != checksum)
    if present and checksum and not force:
        due = False
    else:
        due = force or not present or _is_newer(machine, params, context, dest, result)
    if due:
        _download(machine, params, context, dest, checksum, result)
    if machine.files.is_file(dest):
        result["checksum_dest"] = digest(machine.files.read(dest), algorithm)
        result["size"] = machine.files.stat(dest).size
    return result


def _destination(machine: Machine, params: Params) -> str:
    dest: str = params["dest"]
    parts = urllib.parse.urlsplit(params["url"])
    if machine.files.is_directory(dest):
        return paths.join(dest, urllib.parse.unquote(parts.path.rpartition("/")[2]) or str(parts.hostname))
    if dest.endswith(("\\", "/")):
        raise ModuleError(
            f"The destination path '{dest}' does not exist, or is not visible to the current user. Ensure download "
            "destination folder exists (perhaps using win_file state=directory) before win_get_url runs."
        )
    return dest


def _ask(
    machine: Machine, params: Params, context: ModuleContext, url: str, result: Result, method: str | None = None
) -> HttpResponse:
    started = machine.clock.seconds()
    try:
        answer = web.request(machine, url, params, context.user, method)
    except web.WebError as exc:
        if exc.status is not None:
            result |= {"status_code": exc.status}
        raise
    finally:
        result["elapsed"] += max(0.0, machine.clock.seconds() - started)
    result |= {"msg": answer.reason or "OK", "status_code": answer.status}
    return answer


def _remote_checksum(machine: Machine, params: Params, context: ModuleContext, result: Result) -> str:
    url = params["checksum_url"].strip()
    if urllib.parse.urlsplit(url).scheme not in ("file", "ftp", "http", "https"):
        raise ModuleError(f"Unsupported 'checksum_url' value for '{params['dest']}': '{url}'", **result)
    try:
        text = _ask(machine, params, context, url, result).body.decode(errors="replace")
    except web.WebError as exc:
        raise ModuleError(f"Error when getting the remote checksum from '{url}'. {exc}", **result) from exc
    name = re.escape(urllib.parse.urlsplit(params["url"]).path.rpartition("/")[2])
    line = next((one for one in text.splitlines() if re.search(rf"\s+\.?/?\\?{name}\s*$", one, re.IGNORECASE)), None)
    if line is None:
        raise ModuleError(f"Checksum record not found for file name '{name}' in file from url: '{url}'", **result)
    return re.sub(r"\W+", "", line.split(" ", 1)[0]).lower()


def _is_newer(machine: Machine, params: Params, context: ModuleContext, dest: str, result: Result) -> bool:
    url = params["url"]
    try:
        answer = _ask(machine, params, context, url, result, "HEAD")
    except web.WebError as exc:
        raise ModuleError(f"Error when requesting 'Last-Modified' date from '{url}'. {exc}", **result) from exc
    stamp = {name.lower(): value for name, value in answer.headers.items()}.get("last-modified")
    # Without the header .NET takes the time of the answer.
    newest = email.utils.parsedate_to_datetime(stamp).timestamp() if stamp else machine.clock.seconds()
    return newest > machine.files.stat(dest).modified


def _download(
    machine: Machine, params: Params, context: ModuleContext, dest: str, checksum: str, result: Result
) -> None:
    folder = paths.parent(paths.normalise(dest))
    if not machine.files.is_directory(folder):
        raise ModuleError(
            f"The path '{folder}' does not exist for destination '{dest}', or is not visible to the current user. "
            "Ensure download destination folder exists (perhaps using win_file state=directory) before win_get_url "
            "runs.",
            **result,
        )
    url = params["url"]
    try:
        content = _ask(machine, params, context, url, result).body
    except web.WebError as exc:
        raise ModuleError(f"Error downloading '{url}' to '{dest}': {exc}", **result) from exc
    found = digest(content, params["checksum_algorithm"].lower())
    result["checksum_src"] = found
    if checksum and checksum != found:
        raise ModuleError(f"The checksum for {url} did not match '{checksum}', it was '{found}'", **result)
    if not machine.files.is_file(dest) or machine.files.read(dest) != content:
        result["changed"] = True
        if not context.check_mode:
            machine.files.write(dest, content)
