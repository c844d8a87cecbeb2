# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End Ansible when nobody reads its output any more, as in ``ansible-playbook … | head``.

ansible-core's thread that shows the lines of a running task stops at the closed pipe, and takes the results of tasks
with it: Ansible would wait for ever (``results_thread_main`` in ansible/plugins/strategy/__init__.py).
"""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
import threading


def end_when_closed(output: int | None = None) -> threading.Thread | None:
    """Send this process SIGTERM as soon as the other end of a pipe closes; other kinds of output are left alone."""
    try:
        watched = sys.stdout.fileno() if output is None else output
        if not stat.S_ISFIFO(os.fstat(watched).st_mode):
            return None
    except (OSError, ValueError):
        return None
    thread = threading.Thread(target=_wait, args=(watched,), name="closed output", daemon=True)
    thread.start()
    return thread


def _wait(output: int) -> None:
    poll = select.poll()
    poll.register(output, 0)  # POLLERR comes unasked, when no reader is left
    if any(event & select.POLLERR for _descriptor, event in poll.poll()):
        os.kill(os.getpid(), signal.SIGTERM)
