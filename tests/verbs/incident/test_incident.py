# SPDX-License-Identifier: GPL-3.0-or-later
"""The incident that started this project, from the stock AMI to the retirement that is refused: `make incident`."""

from __future__ import annotations

import subprocess
import sys

from tests.e2e.conftest import ROOT


def test_the_incident_is_over_when_the_ami_is_ours() -> None:
    # The script checks each of its steps, and ends with 1 at the first one that goes another way.
    done = subprocess.run(
        [sys.executable, "scripts/incident.py"],
        cwd=ROOT, timeout=600, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    steps = [
        "A service runs in the Auto Scaling group",
        "the audit says what is coming",
        "Amazon withdraws the AMI",
        "The group cannot replace it",
        "We build an AMI that we own",
        "We publish it, and roll it out",
        "This time the group replaces it, from our AMI",
        "nobody takes that AMI away",
        "The end.",
    ]
    places = [done.stdout.index(step) for step in steps]
    assert places == sorted(places)
