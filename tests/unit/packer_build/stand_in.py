#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: T201 - it prints, as Packer does
"""Stands in for Packer: the same arguments, output and signals. What it does is said by STAND_IN, in JSON.

Like the real one it is two processes: an outer one that ignores SIGINT, and an inner one that cleans up at the first
SIGINT and ends at once at the second. Like Ansible's workers, a grandchild has a session of its own.

    ends: built | failed | crashed | waits   what happens after the first lines
    ami: the AMI that the manifest names
    until: a file that it waits for before it ends
    run: what the recorder in the provisioning run would have written
    says: lines of machine-readable output
    cleanup: seconds that the cleanup takes, or "never"
    diary: file that gets a line for each signal, and the pids of all processes
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

PLAN = json.loads(os.environ["STAND_IN"])


def note(text: str) -> None:
    with open(PLAN["diary"], "a") as file:
        file.write(f"{text}\n")


def say(kind: str, text: str) -> None:
    print(f"{int(time.time())},,ui,{kind},{text}", flush=True)


def clean_up(_number: int, _frame: object) -> None:
    note("SIGINT")
    signal.signal(signal.SIGINT, lambda *_: (note("second SIGINT"), os._exit(3)))
    say("error", "==> amazon-ebs.windows: Cancelling build after receiving interrupt")
    if PLAN.get("cleanup") == "never":
        while True:
            time.sleep(1)
    time.sleep(PLAN.get("cleanup", 0.3))
    say("say", "==> amazon-ebs.windows: Terminating the source AWS instance...")
    note("cleaned up")
    os._exit(1)


def inner() -> None:
    signal.signal(signal.SIGINT, clean_up)
    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    note(f"pid {os.getpid()}\npid {sleeper.pid}")
    variables = json.loads(
        pathlib.Path(next(a for a in sys.argv if a.startswith("-var-file="))[len("-var-file=") :]).read_text()
    )
    pathlib.Path(PLAN["diary"]).with_suffix(".vars").write_text(json.dumps(variables))
    extra = pathlib.Path(variables["extra_vars_file"])
    pathlib.Path(PLAN["diary"]).with_suffix(".extra").write_text(extra.read_text())
    pathlib.Path(PLAN["diary"]).with_suffix(".env").write_text(json.dumps(dict(os.environ)))
    for line in PLAN.get("says", ["1,,ui,say,==> amazon-ebs.windows: Launching a source AWS instance..."]):
        print(line, flush=True)
    if "run" in PLAN:
        pathlib.Path(os.environ["GOLDEN_RUN_FILE"]).write_text(json.dumps(PLAN["run"]))
    note("ready")
    while "until" in PLAN and not pathlib.Path(PLAN["until"]).exists():
        time.sleep(0.05)
    if PLAN["ends"] == "waits":
        while True:
            time.sleep(1)
    if PLAN["ends"] == "crashed":
        os.kill(os.getpid(), signal.SIGKILL)
    if PLAN["ends"] == "failed":
        sys.exit(1)
    manifest = {"builds": [{"artifact_id": f"{variables['region']}:{PLAN['ami']}"}]}
    pathlib.Path(variables["manifest"]).write_text(json.dumps(manifest))


def outer() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    note(f"pid {os.getpid()}")
    status = subprocess.run([sys.executable, __file__, "--inner", *sys.argv[1:]], check=False).returncode
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    if sys.argv[1:] == ["version"]:
        print("Packer v1.6.6")
    elif "--inner" in sys.argv:
        inner()
    else:
        sys.exit(outer())
