# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as a process: up, down, status, and what it leaves behind."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOWN = 3


def lab(directory: pathlib.Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", "--dir", str(directory), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def state_of(directory: pathlib.Path) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", json.loads((directory / "lab.json").read_text()))


def ended(pid: int, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # A child that nobody waited for is still in the process table.
        if pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> t.Iterator[pathlib.Path]:
    yield tmp_path / "lab"
    lab(tmp_path / "lab", "down")


def test_up_status_and_down(directory: pathlib.Path) -> None:
    assert lab(directory, "status").returncode == DOWN
    # Whatever the user's shell has of a real account must not matter.
    started = lab(directory, "up", AWS_PROFILE="production", AWS_REGION="us-gov-west-1", HTTPS_PROXY="http://x:1")
    assert started.returncode == 0, started.stderr
    assert "ready in" in started.stdout
    assert str(directory / "lab.log") in started.stdout
    state = state_of(directory)
    assert state["endpoint_url"] in started.stdout
    assert pathlib.Path(state["aws_config_file"]).read_text().splitlines()[:3] == [
        "[default]",
        "region = eu-west-1",
        f"endpoint_url = {state['endpoint_url']}",
    ]

    again = lab(directory, "up")
    assert (again.returncode, state_of(directory)["pid"]) == (0, state["pid"])
    assert "already running" in again.stdout

    told = lab(directory, "status")
    assert told.returncode == 0
    assert state["endpoint_url"] in told.stdout

    stopped = lab(directory, "down")
    assert stopped.returncode == 0
    assert not (directory / "lab.json").exists()
    assert ended(state["pid"])
    assert lab(directory, "down").returncode == 0
    assert lab(directory, "status").returncode == DOWN


def test_two_labs_have_different_networks(directory: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = tmp_path / "other"
    try:
        assert lab(directory, "up").returncode == 0
        assert lab(other, "up").returncode == 0
        assert state_of(directory)["cidr"] != state_of(other)["cidr"]
        assert state_of(directory)["endpoint_url"] != state_of(other)["endpoint_url"]
    finally:
        lab(other, "down")


def test_a_lab_that_was_killed_is_not_running(directory: pathlib.Path) -> None:
    assert lab(directory, "up").returncode == 0
    first = state_of(directory)["pid"]
    os.kill(first, signal.SIGKILL)
    assert ended(first)
    assert lab(directory, "status").returncode == DOWN
    assert "ready in" in lab(directory, "up").stdout
    assert state_of(directory)["pid"] != first


def test_a_lab_whose_directory_is_removed_ends(directory: pathlib.Path) -> None:
    assert lab(directory, "up").returncode == 0
    pid = state_of(directory)["pid"]
    shutil.rmtree(directory)
    assert ended(pid)


def test_an_idle_lab_ends(directory: pathlib.Path) -> None:
    assert lab(directory, "--idle-hours", "0.0001", "up").returncode == 0
    assert ended(state_of(directory)["pid"]) or not (directory / "lab.json").exists()
    assert "idle" in (directory / "lab.log").read_text()


def test_a_lab_that_cannot_start_says_why(directory: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = tmp_path / "other"
    try:
        assert lab(other, "up").returncode == 0
        port = state_of(other)["endpoint_url"].rpartition(":")[2]
        failed = lab(directory, "--port", port, "up")
        assert failed.returncode == 1
        assert "Address already in use" in failed.stderr or "Port" in failed.stderr
        assert not (directory / "lab.json").exists()
    finally:
        lab(other, "down")
