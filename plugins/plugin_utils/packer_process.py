# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run Packer, hear its rows as they come, interrupt it once, and leave no process behind."""

from __future__ import annotations

import collections.abc as c
import contextlib
import ctypes
import os
import pathlib
import selectors
import signal
import subprocess
import time
import typing as t

_PR_SET_CHILD_SUBREAPER = 36


class Ended(t.NamedTuple):
    """How Packer ended. ``reason`` says why it was interrupted, None when it was not; ``killed`` that it had to be."""

    rc: int
    reason: str | None
    killed: bool


class PackerProcess:
    """A Packer in a session of its own: no terminal signals reach it, only ours do.

    The signal goes to the whole group, as a terminal's Ctrl-C would: Packer's outermost process only wraps the one that
    listens, and the ansible-playbook below must end as well. A second SIGINT would end Packer without its cleanup.
    """

    def __init__(
        self,
        argv: c.Sequence[str],
        env: c.Mapping[str, str],
        cwd: str,
        patience: float,
        clock: c.Callable[[], float] = time.monotonic,
    ) -> None:
        """Start Packer; ``patience`` is how many seconds its cleanup may take before it is killed."""
        self._process = subprocess.Popen(  # noqa: S603 - no shell, and the caller named the program
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._patience = patience
        self._clock = clock
        self._reason: str | None = None
        self._deadline: float | None = None
        self._killed = False

    def interrupt(self, reason: str) -> bool:
        """Ask Packer to clean up and end; return False when it was asked before."""
        if self._reason is not None:
            return False
        self._reason = reason
        self._deadline = self._clock() + self._patience
        self._signal(signal.SIGINT)
        return True

    def run(self, hear: c.Callable[[str], None], control: t.IO[bytes], tick: c.Callable[[], str | None]) -> Ended:
        """Hear each line of output until Packer has ended.

        A line on ``control``, or its end, interrupts Packer. ``tick`` is called twice a second or more often, and
        interrupts when it returns a reason.
        """
        output = t.cast(t.IO[bytes], self._process.stdout)
        lines = Lines(output.fileno())
        try:
            self._listen(output, lines, hear, control, tick)
        except BaseException:
            self._give_up()
            output.close()
            raise
        for line in lines.drain():
            hear(line)
        output.close()
        self._signal(signal.SIGKILL)
        return Ended(self._process.returncode, self._reason, self._killed)

    @property
    def pid(self) -> int:
        """Packer's process id, which is the id of its group too."""
        return self._process.pid

    def _listen(
        self,
        output: t.IO[bytes],
        lines: Lines,
        hear: c.Callable[[str], None],
        control: t.IO[bytes],
        tick: c.Callable[[], str | None],
    ) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(control, selectors.EVENT_READ)
            while self._process.poll() is None:
                ready = {key.fileobj for key, _events in selector.select(timeout=0.5)}
                if output in ready:
                    for line in lines.read() or ():
                        hear(line)
                    if lines.ended:
                        selector.unregister(output)
                if control in ready:
                    selector.unregister(control)
                    said = os.read(control.fileno(), 256).decode(errors="replace").strip()
                    self.interrupt(said or "ansible-playbook was killed")
                if reason := tick():
                    self.interrupt(reason)
                self._lose_patience()

    def _give_up(self) -> None:
        """Let Packer clean up although nobody listens any more."""
        self.interrupt("the supervisor failed")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._patience)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _lose_patience(self) -> None:
        if self._deadline is not None and self._clock() > self._deadline and not self._killed:
            self._killed = True
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class Lines:
    """Splits what comes through a pipe into lines, without waiting for the next one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self.ended = False
        os.set_blocking(descriptor, False)

    def read(self) -> list[str] | None:
        """Return the lines that are complete now, None when nothing has come since the last time."""
        try:
            data = os.read(self._descriptor, 65536)
        except BlockingIOError:
            return None
        self.ended = not data
        *complete, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in complete]

    def drain(self) -> list[str]:
        """Return what is left in the pipe, with a last line that may lack its end.

        Does not wait for the pipe's end: a grandchild that is still alive may hold it open.
        """
        found: list[str] = []
        while not self.ended:
            more = self.read()
            if more is None:
                break
            found += more
        if self._rest:
            found.append(self._rest.decode(errors="replace"))
            self._rest = b""
        return found


def kill_group(pid_file: pathlib.Path) -> None:
    """Kill the process group whose id is in a file, if it is still there."""
    with contextlib.suppress(OSError, ValueError):
        os.killpg(int(pid_file.read_text(encoding="ascii")), signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of processes whose parent dies, where the system can do that (Linux).

    Ansible's workers have sessions of their own, so the signals to Packer's group do not reach them.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_children() -> None:
    """Kill what is left of our children and theirs, and wait for it (Linux; elsewhere there is nothing to adopt)."""
    for _attempt in range(100):
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        time.sleep(0.05)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError, ValueError):
            for child in map(int, task.read_text(encoding="ascii").split()):
                found += [child, *_descendants(child)]
    return found
