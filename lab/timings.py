# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take in the lab: long enough to be seen in between, short enough for a build in seconds."""

from __future__ import annotations

import typing as t

# Seconds. What a script or a module on a guest sleeps at most: only long enough to let others run.
LONGEST_SLEEP = 0.05


class Timings(t.NamedTuple):
    """Seconds."""

    pending: float = 0.1  # an instance before it runs
    boot: float = 0.3  # power on until Windows begins its own work
    shutdown: float = 0.1  # Windows going down
    # A restart is dark for long enough that Ansible's win_reboot, which looks at once and then after a second, meets a
    # closed port. When the guest is already back, win_reboot holds on to a shell that is gone, and that costs it 15 s.
    restart: float = 0.5
    guest_delays: float = 0.02  # factor for delays that a guest asks for, as in shutdown /t 2
    autoscaling_tick: float = 0.1  # between two looks at every Auto Scaling group
    # What a second of Auto Scaling's own waits takes: warm-up, grace period, checkpoint delay, bake time.
    autoscaling_second: float = 0.01
    relaunch: float = 0.5  # after a launch that failed, doubled each time
    relaunch_longest: float = 4.0
    image: float = 0.3  # an image and its snapshots before they are usable
