# SPDX-License-Identifier: GPL-3.0-or-later
"""Packer is heard, interrupted once and given time."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.packer_process import Ended, PackerProcess

from tests.unit.packer_build.workshop import Workshop, wait_until


class Run:
    """A Packer with a control pipe."""

    def __init__(self, workshop: Workshop, patience: float = 20, **plan: t.Any) -> None:
        self.heard: list[str] = []
        self._read, self.write = os.pipe()
        self._diary = workshop.diary
        variables = workshop.path / "vars.json"
        extra = workshop.path / "extra.json"
        extra.write_text("{}")
        variables.write_text(f'{{"region": "r", "manifest": "{workshop.path}/manifest", "extra_vars_file": "{extra}"}}')
        self.process = PackerProcess(
            [str(workshop.packer), "build", f"-var-file={variables}", "."],
            {**os.environ, **workshop.environment(ami="ami-1", **plan)},
            str(workshop.path),
            patience,
        )

    def until_end(self, reason: t.Callable[[], str | None] = lambda: None) -> Ended:
        with open(self._read, "rb") as control:
            return self.process.run(self.heard.append, control, reason)

    def say(self, text: str) -> None:
        self._diary.wait_until_ready()
        os.write(self.write, text.encode())

    def hang_up(self) -> None:
        self._diary.wait_until_ready()
        os.close(self.write)


def test_a_run_that_ends_by_itself_is_heard_to_its_last_line(workshop: Workshop) -> None:
    run = Run(workshop, ends="built", says=["first", "second"])
    assert run.until_end() == Ended(0, None, False)
    assert run.heard == ["first", "second"]


def test_an_exit_code_is_passed_on(workshop: Workshop) -> None:
    assert Run(workshop, ends="failed").until_end() == Ended(1, None, False)


@pytest.mark.parametrize("hang_up", [False, True], ids=["a line on the control pipe", "the end of the control pipe"])
def test_an_interrupted_packer_cleans_up(workshop: Workshop, hang_up: bool) -> None:
    run = Run(workshop, ends="waits")
    run.hang_up() if hang_up else run.say("Ctrl-C\n")
    ended = run.until_end()
    assert ended == Ended(1, "ansible-playbook was killed" if hang_up else "Ctrl-C", False)
    assert workshop.diary.signals() == ["SIGINT", "cleaned up"]


def test_packer_is_interrupted_only_once(workshop: Workshop) -> None:
    run = Run(workshop, ends="waits", cleanup=1.2)
    run.say("Ctrl-C\n")
    ended = run.until_end(
        lambda: "somebody else asks too, again and again" if "SIGINT" in workshop.diary.lines() else None
    )
    assert ended.reason == "Ctrl-C"
    assert workshop.diary.signals() == ["SIGINT", "cleaned up"]


def test_a_reason_to_stop_interrupts(workshop: Workshop) -> None:
    run = Run(workshop, ends="waits")
    ended = run.until_end(lambda: "the lease was lost" if "ready" in workshop.diary.lines() else None)
    assert ended.reason == "the lease was lost"
    assert workshop.diary.signals() == ["SIGINT", "cleaned up"]


def test_a_cleanup_that_never_ends_is_killed(workshop: Workshop) -> None:
    run = Run(workshop, patience=1, ends="waits", cleanup="never")
    run.say("Ctrl-C\n")
    ended = run.until_end()
    assert ended.killed
    assert workshop.diary.signals() == ["SIGINT"]
    wait_until(lambda: len(workshop.diary.alive()) == 1)


def test_a_listener_that_fails_does_not_leave_packer_running(workshop: Workshop) -> None:
    run = Run(workshop, ends="waits")
    run.say("Ctrl-C\n")
    with open(run._read, "rb") as control, pytest.raises(ZeroDivisionError):
        run.process.run(lambda line: 1 / 0, control, lambda: None)  # type: ignore[arg-type, return-value]
    assert workshop.diary.signals()[-1] == "cleaned up"


def test_a_program_that_is_not_there_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        PackerProcess([str(tmp_path / "nothing")], {}, str(tmp_path), 1)
