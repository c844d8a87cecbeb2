# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m lab up | down | status"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t
import urllib.request

from lab.settings import Settings, isolate_environment

START_SECONDS = 60.0
STOP_SECONDS = 15.0
DOWN = 3


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    settings = Settings(pathlib.Path(options.dir).resolve(), options.port, options.idle_hours)
    return t.cast("int", options.command(settings))


def up(settings: Settings) -> int:
    """Start the lab in the background, unless it runs."""
    if settings.running():
        state = _wait_for_state(settings, None)
        if state is not None:
            print(f"lab: already running at {state['endpoint_url']} (pid {state['pid']})")
            return 0
    settings.directory.mkdir(parents=True, exist_ok=True)
    print(f"lab: starting EC2 and Windows on loopback (log: {settings.log_file})", flush=True)
    began = time.monotonic()
    process = _spawn(settings)
    state = _wait_for_state(settings, process)
    if state is None:
        print(f"lab: did not start. The end of {settings.log_file}:\n{_tail(settings.log_file)}", file=sys.stderr)
        return 1
    print(f"lab: ready in {time.monotonic() - began:.1f} s at {state['endpoint_url']} (pid {state['pid']})")
    return 0


def down(settings: Settings) -> int:
    """Stop the lab. Fine when it does not run."""
    state = settings.read_state()
    if not settings.running() or state is None:
        settings.state_file.unlink(missing_ok=True)
        print("lab: not running")
        return 0
    os.kill(state["pid"], signal.SIGTERM)
    if not _until(lambda: not settings.running(), STOP_SECONDS):
        os.kill(state["pid"], signal.SIGKILL)
        _until(lambda: not settings.running(), STOP_SECONDS)
    settings.state_file.unlink(missing_ok=True)
    print(f"lab: stopped (pid {state['pid']})")
    return 0


def status(settings: Settings) -> int:
    """Say what runs. Exit status 3 when the lab does not."""
    state = settings.read_state()
    if not settings.running() or state is None:
        print("lab: not running (python -m lab up starts it)")
        return DOWN
    with urllib.request.urlopen(f"{state['endpoint_url']}/lab/status", timeout=30) as answer:  # noqa: S310 - loopback
        report = json.load(answer)
    print(
        f"lab: running at {state['endpoint_url']} (pid {report['pid']}, up {report['uptime_seconds']:.0f} s, "
        f"{report['memory_mib']} MiB, {report['api_requests']} API requests)"
    )
    for row in report["instances"]:
        winrm = ", ".join(f"{value} {name}" for name, value in row["winrm"].items())
        print(
            f"  {row['instance_id']}  {row['state']:<13} {row['address'] or '-':<15} {row['computer_name']:<15} {winrm}"
        )
        if row["error"]:
            print(f"    {row['error']}")
    return 0


def serve(settings: Settings) -> int:
    """Be the lab, in the foreground."""
    settings.directory.mkdir(parents=True, exist_ok=True)
    held = settings.hold()
    if held is None:
        print(f"lab: another lab holds {settings.directory}", file=sys.stderr)
        return 1
    isolate_environment()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    import asyncio

    from lab.server import run  # moto reads the environment when it is imported

    asyncio.new_event_loop().run_until_complete(run(settings))
    logging.shutdown()
    # Not a return: guests that were cut off in the middle of something leave threads that Python would wait for.
    os._exit(0)


def _spawn(settings: Settings) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lab", "--dir", str(settings.directory), "--port", str(settings.port)]
    command += ["--idle-hours", str(settings.idle_hours), "serve"]
    root = pathlib.Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    with settings.log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment, start_new_session=True
        )


def _wait_for_state(settings: Settings, process: subprocess.Popen[bytes] | None) -> dict[str, t.Any] | None:
    """Wait until the lab has written lab.json; nothing when its process ends before that, or never does."""
    found: dict[str, t.Any] = {}

    def ready() -> bool:
        state = settings.read_state()
        if state is not None and (process is None or state["pid"] == process.pid):
            found.update(state)
        return bool(found) or (process.poll() is not None if process else not settings.running())

    _until(ready, START_SECONDS)
    return found or None


def _until(condition: t.Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _tail(path: pathlib.Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="A small EC2 for Windows on loopback.")
    default = os.environ.get("GOLDEN_LAB_DIR", ".lab")
    parser.add_argument("--dir", default=default, help="where the lab keeps its files (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port of the AWS endpoint (default: a free one)")
    parser.add_argument("--idle-hours", type=float, default=8.0, help="stop by itself when idle (default: %(default)s)")
    commands = parser.add_subparsers(required=True, metavar="up|down|status|serve")
    for function in (up, down, status, serve):
        command = commands.add_parser(function.__name__, help=(function.__doc__ or "").splitlines()[0])
        command.set_defaults(command=function)
    return parser
