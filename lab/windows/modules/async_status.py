# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at an asynchronous job's result file."""

from __future__ import annotations

import json
import typing as t

from lab.windows import paths
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.async_status",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the job's state, or remove its file."""
    job = params["jid"]
    path = paths.join(params["_async_dir"], job)
    if not machine.files.exists(path):
        known = {"ansible_job_id": job, "started": 1, "finished": 1}
        raise ModuleError(f"could not find job at '{params['_async_dir']}'", **known)
    if params["mode"] == "cleanup":
        machine.files.delete(path)
        return {"ansible_job_id": job, "erased": path}
    text = machine.files.read_text(path)
    if not text:  # the job has not written yet
        return {"results_file": path, "ansible_job_id": job, "started": 1, "finished": 0}
    try:
        data: dict[str, t.Any] = json.loads(text)
    except ValueError as exc:
        known = {"ansible_job_id": job, "results_file": path, "started": 1, "finished": 1}
        raise ModuleError("Could not parse job output: ", **known) from exc
    if "started" not in data:
        return data | {"finished": 1, "ansible_job_id": job}
    return {"finished": 0} | data
