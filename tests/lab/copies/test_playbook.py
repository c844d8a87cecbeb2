# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/copy.yml as its users run it, and as it is when somebody kills it."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import sys

from tests.lab.ec2.support import ROOT

from .conftest import FURTHER, THERE, Workplace


def command(place: Workplace, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return ansible-playbook with the place's catalogue, and its environment."""
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    directory = pathlib.Path(place.lab.state["aws_config_file"]).parents[1]
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "GOLDEN_LAB_DIR": str(directory),
        "GOLDEN_SPOOL": str(place.path / "spool"),
    }
    given = ["-e", f"golden_catalogue={place.url}", *arguments]
    return [str(program), str(ROOT / "playbooks" / "copy.yml"), *given], environment


def run(place: Workplace, *arguments: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(place, *arguments)
    return subprocess.run(
        line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_play_that_was_killed_is_gone_on_with(place: Workplace) -> None:
    build = place.build()
    line, environment = command(place, "-e", "image=web", "-e", f"copy_regions={THERE},{FURTHER}")
    process = subprocess.Popen(
        line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = next(text for text in process.stdout if "is being copied" in text)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    process.stdout.close()

    result = run(place, "-e", f"build={build.id}", "-e", f"copy_regions={THERE},{FURTHER}")
    assert result.returncode == 0, result.stdout + result.stderr
    first = re.search(r"ami-[0-9a-f]+", said)
    assert first is not None
    (image,) = place.images(THERE)
    assert image["ImageId"] == first[0]
    (kept,) = place.catalogue.builds()
    assert kept.amis == {**build.amis, THERE: first[0], FURTHER: place.images(FURTHER)[0]["ImageId"]}
    assert re.search(rf"{THERE} +{first[0]} ", result.stdout)


def test_everywhere_that_the_inventory_names(place: Workplace) -> None:
    place.build()
    result = run(place, "-e", "image=web", "--check")
    assert (result.returncode, result.stdout.count("would copy")) == (0, 2), result.stdout + result.stderr
    assert place.images(THERE) == []


def test_bad_input_fails_at_once(place: Workplace) -> None:
    place.build()
    result = run(place, "-e", "image=web", "-e", '{"copy_regions": [{"region": "us-east-1", "accounts": ["1"]}]}')
    assert result.returncode == 2
    assert "'1' is no account id" in result.stdout + result.stderr
