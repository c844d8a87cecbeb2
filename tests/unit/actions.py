# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an action plugin in this process, so that moto's decorators reach it."""

from __future__ import annotations

import pathlib
import types
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar


def run_action(
    plugin: t.Any,
    options: dict[str, t.Any],
    variables: dict[str, t.Any],
    playbook_dir: pathlib.Path,
    check_mode: bool = False,
) -> dict[str, t.Any]:
    """Return the result of an action, or of its failure, as the strategy would see it."""
    loader = DataLoader()
    loader.set_basedir(str(playbook_dir))
    task = types.SimpleNamespace(args=options, check_mode=check_mode, async_val=0, action="test", no_log=False)
    action = plugin(
        task=task,
        connection=types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None), has_pipelining=False),
        play_context=types.SimpleNamespace(check_mode=check_mode),
        loader=loader,
        templar=Templar(loader, variables),
        shared_loader_obj=None,
    )
    action._load_name = "test"
    try:
        return dict(action.run(task_vars=variables))
    except AnsibleActionFail as exc:
        return {"failed": True, "msg": str(exc)}
