# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's async: the job goes on beside the connection and leaves its result in a file."""

from __future__ import annotations

import json
import secrets
import threading
import typing as t

from lab.types import Completed
from lab.windows import paths
from lab.windows.errors import UnsupportedError

if t.TYPE_CHECKING:
    from lab.ansible.actions import Step


def start(step: Step) -> Completed:
    """Begin the rest of the chain in the background and answer where its result will be."""
    params = step.action.params
    directory = step.machine.expand(str(params["AsyncDir"]), step.user)
    step.machine.files.mkdir(directory)
    process = 2000 + secrets.randbelow(20000) * 4
    job = f"{params['AsyncJid']}.{process}"
    path = paths.join(directory, job)
    watchdog = step.manifest.actions[step.position + 1 : step.position + 2]
    if not watchdog or watchdog[0].name != "async_watchdog.ps1":
        raise UnsupportedError("async_wrapper.ps1 without async_watchdog.ps1")
    started: dict[str, t.Any] = {
        "started": True,
        "finished": False,
        "results_file": path,
        "ansible_job_id": job,
        "_ansible_suppress_tmpdir_delete": True,
        "ansible_async_watchdog_pid": process,
    }
    step.machine.files.write(path, json.dumps(started))
    timeout = float(watchdog[0].params["Timeout"])
    step.machine.background(lambda: _watch(step, path, started, timeout))
    return Completed(0, json.dumps(started, separators=(",", ":")).encode() + b"\r\n")


def _watch(step: Step, path: str, started: dict[str, t.Any], timeout: float) -> None:
    """Run the job for its time at most, then write its result."""
    from lab.ansible.actions import run_step

    outcome: list[Completed] = []
    inner = type(step)(step.machine, step.manifest, step.position + 2, step.user)
    worker = threading.Thread(target=lambda: outcome.append(_run(run_step, inner)), daemon=True)
    worker.start()
    worker.join(timeout)
    result = started | {"finished": True}
    if not outcome:
        result |= _failure("timed out waiting for module completion")
    else:
        result |= _result(outcome[0])
    step.machine.files.write(path, b"\xef\xbb\xbf" + json.dumps(result).encode())


def _run(run_step: t.Callable[[Step], Completed], step: Step) -> Completed:
    try:
        return run_step(step)
    except UnsupportedError as exc:
        return Completed(1, b"", str(exc).encode())


def _result(done: Completed) -> dict[str, t.Any]:
    text = done.stdout.decode(errors="replace")
    first, last = text.find("{"), text.rfind("}")
    if first < 0 or last < 0:
        detail = done.stderr.decode(errors="replace").strip()
        return _failure("No start of json char found in module result") | {"stdout": text, "stderr": detail}
    parsed: dict[str, t.Any] = json.loads(text[first : last + 1])
    return parsed


def _failure(text: str) -> dict[str, t.Any]:
    return {"failed": True, "msg": f"failure during async watchdog: {text}", "exception": text}
