# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ansible's programs for tests, away from the user's own settings."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
import typing as t

from moto.server import ThreadedMotoServer

REPOSITORY = pathlib.Path(__file__).parents[2]


def ansible(program: str, *arguments: str, home: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program such as ``ansible-playbook`` in ``home``, with the repository's ansible.cfg."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    ours = {
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "10000",
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "GOLDEN_SPOOL": str(home / "spool"),
    }
    command = [str(pathlib.Path(sys.executable).parent / program), *arguments]
    return subprocess.run(
        command, cwd=home, env={**kept, **ours, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def output(result: subprocess.CompletedProcess[str]) -> str:
    """Return all that a program said."""
    return result.stdout + result.stderr


def play(home: pathlib.Path, text: str, *arguments: str, **environment: t.Any) -> subprocess.CompletedProcess[str]:
    """Run a playbook that is given as text, on localhost."""
    (home / "play.yml").write_text(text)
    return ansible("ansible-playbook", "-i", "localhost,", "play.yml", *arguments, home=home, **environment)


@contextlib.contextmanager
def an_ec2() -> t.Iterator[str]:
    """Run an EC2 and return its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
