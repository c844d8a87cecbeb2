# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start the supervisor of a build and show its log as it grows.

Runs in Ansible's worker process. On Ctrl-C Ansible's main process tells its workers and then waits for them to end: so
a worker that waits for the supervisor holds the terminal until Packer has cleaned up. What is said then can no longer
go through Ansible's display; it goes straight to where the main process writes.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

from .packer_job import Job, Outcome
from .packer_output import from_log

SUPERVISOR = "ansible_collections.golden.windows_ami.plugins.plugin_utils.packer_supervisor"

_CTRL_C = "ansible-playbook was ended by Ctrl-C"

Show = c.Callable[[str, bool], None]


class Interrupted(BaseException):
    """The user ended the run. Nobody is left to take a result."""


class SupervisorError(Exception):
    """The supervisor ended without saying how the build ended."""


class Tail:
    """Reads lines that are added to a file."""

    def __init__(self, path: pathlib.Path) -> None:
        self._file = path.open(encoding="utf-8", errors="replace")
        self._rest = ""

    def lines(self) -> list[str]:
        """Return the complete lines that have come since the last time."""
        *complete, self._rest = (self._rest + self._file.read()).split("\n")
        return complete


class Console:
    """The terminal or log that Ansible's main process writes to, reached without Ansible (Linux; elsewhere silent)."""

    def __init__(self, pid: int) -> None:
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._descriptor = os.open(f"/proc/{pid}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)

    def show(self, text: str) -> None:
        """Write one line."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, f"{text}\n".encode())


class Watcher:
    """Watches one build."""

    def __init__(self, job: Job, show: Show, console: Console) -> None:
        self._job = job
        self._show = show
        self._console = console
        self._parent = os.getppid()
        self._reason: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, job_file: pathlib.Path) -> Outcome:
        """Build, show what happens, and return how it ended; raise Interrupted when the user has ended Ansible.

        Raises SupervisorError when it is not known how the build ended.
        """
        log = pathlib.Path(self._job.log)
        log.touch(mode=0o600)
        tail = Tail(log)
        with self._signals():
            status = self._run(job_file, tail)
            if not pathlib.Path(self._job.outcome).exists():
                status = self._run(job_file, tail, "--recover")
        try:
            outcome = Outcome.load(pathlib.Path(self._job.outcome))
        except OSError as exc:
            raise SupervisorError(
                f"The process that watches over Packer ended with exit code {status} and left no outcome, so it is not "
                f"known what is left in EC2. Look for the tag golden:build={self._job.build.id}. Log: {self._job.log}"
            ) from exc
        if self._reason:
            ending = outcome.build.error or "The build ended well all the same."
            self._console.show(f"{self._job.build.image}: {ending}")
            raise Interrupted
        return outcome

    def _run(self, job_file: pathlib.Path, tail: Tail, *options: str) -> int:
        """Run a supervisor and show its log; return its exit code."""
        process = start(["-P", "-m", SUPERVISOR, *options, str(job_file)], pathlib.Path(self._job.log))
        self._process = process
        while process.poll() is None:
            self._pass_on(tail)
            if os.getppid() != self._parent:
                self._interrupt("ansible-playbook was killed")
            time.sleep(0.1)
        self._pass_on(tail)
        return process.returncode

    def _pass_on(self, tail: Tail) -> None:
        for line in map(from_log, tail.lines()):
            if line.repeat:
                continue
            if self._reason:
                self._console.show(f"{self._job.build.image}: {line.text}")
            else:
                self._show(line.text, line.error)

    def _interrupt(self, reason: str) -> None:
        """Tell the supervisor, once; it knows how to interrupt Packer."""
        if self._reason or self._process is None:
            return
        self._reason = reason
        image = self._job.build.image
        self._console.show(f"\n{image}: Interrupted. Packer removes what it made in EC2; this may take some minutes.")
        self._console.show(f"{image}: Log: {self._job.log}")
        if reason == _CTRL_C:
            self._console.show(f"{image}: Ctrl-C again gives the prompt back, and the cleanup goes on.")
        with contextlib.suppress(OSError):
            pipe = t.cast(t.IO[bytes], self._process.stdin)
            pipe.write(f"{reason}\n".encode())
            pipe.close()

    @contextlib.contextmanager
    def _signals(self) -> t.Iterator[None]:
        """Take Ansible's news of a signal, instead of ending with it."""

        def handle(number: int, _frame: t.Any) -> None:
            ended = f"ansible-playbook was ended by {signal.Signals(number).name}"
            self._interrupt(_CTRL_C if number == signal.SIGINT else ended)

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def start(arguments: list[str], log: pathlib.Path) -> subprocess.Popen[bytes]:
    """Start a Python that finds this collection, in a session of its own. What it says by accident goes to the log."""
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 - this Python, our module
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(_collections_path())},
        )


def _collections_path() -> pathlib.Path:
    """Return the directory that has this collection. Ansible's own path has others too, which hide Python's modules."""
    places = map(pathlib.Path, sys.modules["ansible_collections"].__path__)
    return next(place.parent for place in places if (place / "golden" / "windows_ami").is_dir())
