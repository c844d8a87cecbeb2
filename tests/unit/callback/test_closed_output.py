# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible ends when nobody reads its output any more."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

from ansible_collections.golden.windows_ami.plugins.plugin_utils.closed_output import end_when_closed

WAIT = """
import time
from ansible_collections.golden.windows_ami.plugins.plugin_utils.closed_output import end_when_closed
end_when_closed()
print("ready", flush=True)
time.sleep({seconds})
"""


def test_a_closed_pipe_ends_the_process() -> None:
    command = [sys.executable, "-c", WAIT.format(seconds=60)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdout.close()
        assert process.wait(20) == -signal.SIGTERM


def test_a_pipe_that_is_read_ends_nothing() -> None:
    command = [sys.executable, "-c", WAIT.format(seconds=0.2)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=20, env=_environment())
    assert done.returncode == 0


def test_a_file_is_not_watched(tmp_path: pathlib.Path) -> None:
    with (tmp_path / "output").open("wb") as file:
        assert end_when_closed(file.fileno()) is None


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
