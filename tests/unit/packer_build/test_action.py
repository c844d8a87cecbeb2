# SPDX-License-Identifier: GPL-3.0-or-later
"""The packer_build action under a real ansible-playbook: results, live lines, and every way to end it early."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import lease_name

from tests.unit.packer_build.workshop import REGION, Workshop, an_entry, wait_until
from tests.unit.running import REPOSITORY

SECRET = "correct horse battery"


class Play:
    """A play with one packer_build task."""

    def __init__(self, workshop: Workshop, plan: dict[str, t.Any], *arguments: str, **options: t.Any) -> None:
        self.workshop = workshop
        self.logs = workshop.path / "logs"
        task = {
            "entry": an_entry().to_dict(),
            "builder": {"instance_type": "m5.large", "subnet_id": "subnet-1", "source_cidrs": ["192.0.2.1/32"]},
            "aws": {"config_file": str(workshop.aws_config), "region": REGION},
            "catalogue": workshop.catalogue.url,
            "packer": str(workshop.packer),
            "log_dir": str(self.logs),
            **options,
        }
        tasks = [
            {"name": "Build", "golden.windows_ami.packer_build": task, "register": "built"},
            {"name": "Keep", "ansible.builtin.copy": {"content": "{{ built }}", "dest": str(workshop.path / "result")}},
        ]
        play = [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "vars": {"a_secret": SECRET, "golden_catalogue": workshop.catalogue.url},
                "tasks": tasks,
            }
        ]
        playbook = workshop.path / "play.yml"
        playbook.write_text(json.dumps(play))
        environment = {
            **os.environ,
            "HOME": str(workshop.path),
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_HOME": str(workshop.path / ".ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "GOLDEN_SPOOL": str(workshop.path / "spool"),
            **workshop.environment(**plan),
        }
        self.output = workshop.path / "output"
        with self.output.open("a") as file:
            self.process = subprocess.Popen(
                [
                    str(pathlib.Path(sys.executable).with_name("ansible-playbook")),
                    *("-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"),
                    *arguments,
                    str(playbook),
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                # Whoever runs the tests with nohup has it ignored, and so would Ansible.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
                cwd=workshop.path,
                start_new_session=True,
            )

    def end(self) -> int:
        return self.process.wait(90)

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def result(self) -> dict[str, t.Any]:
        return json.loads((self.workshop.path / "result").read_text())


@pytest.fixture
def play(workshop: Workshop) -> t.Iterator[t.Callable[..., Play]]:
    started: list[Play] = []

    def start(plan: dict[str, t.Any], *arguments: str, **options: t.Any) -> Play:
        started.append(Play(workshop, plan, *arguments, **options))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def test_a_build_returns_its_record_and_its_lines_appear(workshop: Workshop, play: t.Callable[..., Play]) -> None:
    ami = workshop.an_ami()
    running = play(
        {"ends": "built", "ami": ami},
        entry=an_entry(secret_vars=("a_secret",), vars={"a_variable": {"__ansible_unsafe": "{{ literal }}"}}).to_dict(),
        proxy="http://user:hunter2@192.0.2.9:3128",
    )
    assert running.end() == 0, running.said
    result = running.result
    assert result["ami_id"] == ami
    assert result["build"]["amis"] == {REGION: ami}
    assert result["build"]["fingerprint"] == "f" * 64
    assert result["build"]["versions"]["packer"] == "1.6.6"
    assert workshop.catalogue.by_ami(ami) is not None
    assert "web: Launching a source AWS instance..." in running.said
    variables, extra = workshop.diary.file(".vars"), workshop.diary.file(".extra")
    assert variables["builder_addresses"] == ["192.0.2.1/32"]
    assert variables["endpoint_url"] == workshop.endpoint
    assert variables["proxy_url"] == "http://user:hunter2@192.0.2.9:3128"
    assert extra["a_secret"] == SECRET
    assert extra["a_variable"] == {"__ansible_unsafe": "{{ literal }}"}
    assert extra["golden_build"] == result["build"]["id"]
    assert "AWS_ACCESS_KEY_ID" not in workshop.diary.file(".env")
    assert not pathlib.Path(variables["manifest"]).parent.exists()


def test_a_failed_build_says_why_and_shows_no_secret(workshop: Workshop, play: t.Callable[..., Play]) -> None:
    says = [f"1,amazon-ebs.windows,error,The key {SECRET} was refused"]
    running = play({"ends": "failed", "says": says}, entry=an_entry(secret_vars=("a_secret",)).to_dict())
    assert running.end() == 2
    assert "Image web was not built. The key ******** was refused" in running.said
    assert SECRET not in running.said
    (record,) = workshop.catalogue.builds("web")
    assert (record.status, record.error) == ("failed", "The key ******** was refused")
    assert SECRET not in pathlib.Path(record.log or "").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_ending_ansible_interrupts_packer_once_and_records_it(
    workshop: Workshop, play: t.Callable[..., Play], number: signal.Signals
) -> None:
    running = play({"ends": "waits", "cleanup": 1})
    workshop.diary.wait_until_ready()
    running.process.send_signal(number)
    status = running.end()
    if number == signal.SIGINT:
        # The terminal is held until all is clean.
        assert status == 99
        assert workshop.diary.signals() == ["SIGINT", "cleaned up"]
        assert "web: Interrupted. Packer removes what it made in EC2" in running.said
    wait_until(lambda: [build.status for build in workshop.catalogue.builds("web")] == ["failed"])
    wait_until(lambda: workshop.catalogue.lease(lease_name("web")) is None)
    (record,) = workshop.catalogue.builds("web")
    assert (record.error or "").startswith("Interrupted: ansible-playbook was ")
    assert workshop.diary.signals() == ["SIGINT", "cleaned up"]
    wait_until(lambda: workshop.diary.alive() == [])
    wait_until(lambda: f"web: {record.error}" in running.said)


def test_a_second_interruption_gives_the_terminal_back_and_the_cleanup_goes_on(
    workshop: Workshop, play: t.Callable[..., Play]
) -> None:
    running = play({"ends": "waits", "cleanup": 4})
    workshop.diary.wait_until_ready()
    running.process.send_signal(signal.SIGINT)
    wait_until(lambda: "SIGINT" in workshop.diary.lines())
    running.process.send_signal(signal.SIGINT)
    running.end()
    assert workshop.diary.signals() == ["SIGINT"]
    wait_until(lambda: workshop.diary.signals() == ["SIGINT", "cleaned up"])
    wait_until(lambda: [build.status for build in workshop.catalogue.builds("web")] == ["failed"])


def test_a_supervisor_that_is_killed_is_replaced(workshop: Workshop, play: t.Callable[..., Play]) -> None:
    running = play({"ends": "waits"})
    workshop.diary.wait_until_ready()
    (holder,) = (pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_supervisor(pid, workshop.path))
    os.kill(holder, signal.SIGKILL)
    assert running.end() == 2
    (record,) = workshop.catalogue.builds("web")
    assert "the supervisor of the build was killed" in (record.error or "")
    assert workshop.catalogue.lease(lease_name("web")) is None


def is_supervisor(pid: int, home: pathlib.Path) -> bool:
    """Say whether a process supervises a build of this test."""
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        return (
            b"packer_supervisor" in words
            and f"HOME={home}\0".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        )
    except OSError:
        return False


def test_check_mode_starts_nothing(workshop: Workshop, play: t.Callable[..., Play]) -> None:
    running = play({"ends": "built"}, "--check")
    assert running.end() == 0, running.said
    assert workshop.diary.lines() == []
    assert workshop.catalogue.builds() == []
    assert not running.logs.exists()


def test_an_entry_that_is_up_to_date_is_left_alone(workshop: Workshop, play: t.Callable[..., Play]) -> None:
    running = play({"ends": "built"}, entry=an_entry(action="skip", ami_id="ami-0aaaaaaaaaaaaaaaa").to_dict())
    assert running.end() == 0, running.said
    assert running.result["changed"] is False
    assert running.result["ami_id"] == "ami-0aaaaaaaaaaaaaaaa"
    assert workshop.diary.lines() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"packer": "/nowhere/packer"}, "There is no Packer at '/nowhere/packer'", id="no Packer"),
        pytest.param(
            {"entry": an_entry(source_ami=None, parent_image="base_image").to_dict()},
            "It starts from image base_image, which has not been built",
            id="no parent",
        ),
        pytest.param({"entry": {"image": "web"}}, "This is not an entry of a plan", id="no entry"),
        pytest.param(
            {"builder": {"instance_type": "m5.large", "subnet_id": "subnet-1"}},
            "There is no subnet subnet-1",
            id="no subnet",
        ),
        pytest.param(
            {"builder": {"instance_type": "m5.large", "subnet_id": "subnet-1", "interface": "public_ip"}},
            "Set golden_builder.source_cidrs",
            id="no source address",
        ),
        pytest.param({"catalogue": "paper:"}, "must start with a scheme that this version knows", id="no catalogue"),
    ],
)
def test_what_cannot_be_built_is_said_before_anything_starts(
    workshop: Workshop, play: t.Callable[..., Play], options: dict[str, t.Any], message: str
) -> None:
    running = play({"ends": "built"}, **options)
    assert running.end() == 2
    assert message in running.said
    assert workshop.diary.lines() == []
    assert workshop.catalogue.builds() == []
