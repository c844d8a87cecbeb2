# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor process: lease, record, cleanup, outcome, whatever happens to Packer, its parent or itself."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Lease, lease_name
from ansible_collections.golden.windows_ami.plugins.plugin_utils.packer_job import Job, Outcome, write_private
from ansible_collections.golden.windows_ami.plugins.plugin_utils.packer_watch import SUPERVISOR
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.unit.packer_build.workshop import NOTHING, REGION, Workshop, a_build, wait_until
from tests.unit.running import REPOSITORY

FAILED_TASK = {"failure": {"role": "iis_dotnet", "task": "Install IIS", "message": "The source files are missing"}}


class Supervised:
    """A build under a supervisor process."""

    def __init__(
        self,
        workshop: Workshop,
        build: Build | None = None,
        patience: float = 20,
        lease_seconds: float = 8,
        **plan: t.Any,
    ) -> None:
        self.workshop = workshop
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=workshop.path))
        build = build or a_build()
        self.job = Job(
            build=build,
            region=REGION,
            aws={"config_file": str(workshop.aws_config), "profile": None, "region": REGION},
            catalogue=workshop.catalogue.url,
            holder=f"me, build {build.id}",
            argv=[str(workshop.packer), "build", f"-var-file={self.directory / 'vars'}", "."],
            env={**os.environ, **workshop.environment(**plan), "GOLDEN_RUN_FILE": str(self.directory / "run")},
            cwd=str(workshop.path),
            directory=str(self.directory),
            log=str(workshop.path / f"{build.id}.log"),
            outcome=str(workshop.path / f"{build.id}.json"),
            manifest=str(self.directory / "manifest"),
            run_file=str(self.directory / "run"),
            secrets=["correct horse"],
            lease_seconds=lease_seconds,
            patience=patience,
        )
        extra = self.directory / "extra"
        write_private(extra, "{}")
        values = {"region": REGION, "manifest": self.job.manifest, "extra_vars_file": str(extra)}
        write_private(self.directory / "vars", json.dumps(values))
        self.job.save(self.directory / "job")
        self.process = self.start()

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        with open(self.job.log, "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", SUPERVISOR, *options, str(self.directory / "job")],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY / ".ansible" / "collections")},
            )

    def interrupt(self, said: str = "Ctrl-C") -> None:
        self.workshop.diary.wait_until_ready()
        assert self.process.stdin
        self.process.stdin.write(f"{said}\n".encode())
        self.process.stdin.close()

    def outcome(self) -> Outcome:
        self.process.wait(60)
        return Outcome.load(pathlib.Path(self.job.outcome))

    @property
    def log(self) -> str:
        return pathlib.Path(self.job.log).read_text()


@pytest.fixture
def supervise(workshop: Workshop) -> t.Iterator[t.Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(**plan: t.Any) -> Supervised:
        started.append(Supervised(workshop, **plan))
        return started[-1]

    yield start
    for supervised in started:
        with contextlib.suppress(ProcessLookupError):
            supervised.process.kill()
        supervised.process.communicate()


def test_a_build_is_recorded_with_its_ami_and_what_the_roles_did(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    ami = workshop.an_ami()
    roles = [{"name": "iis_dotnet", "seconds": 12.5, "tasks": 4, "changed": 3}]
    outcome = supervise(ends="built", ami=ami, run={"roles": roles, "contents": {"iis": "10.0"}}).outcome()
    build = outcome.build
    assert (build.status, build.amis, build.error) == ("built", {REGION: ami}, None)
    assert [role.name for role in build.roles] == ["iis_dotnet"]
    assert build.contents == {"iis": "10.0"}
    assert build.finished
    assert len(build.snapshots[REGION]) == 1
    assert build.seconds is not None
    assert outcome.packer_seconds > 0
    assert workshop.catalogue.get(build.id) == build
    assert workshop.catalogue.lease(lease_name("web")) is None


def test_the_private_directory_goes_away(supervise: t.Callable[..., Supervised]) -> None:
    supervised = supervise(ends="failed")
    supervised.outcome()
    assert not supervised.directory.exists()


def test_the_build_is_recorded_and_its_lease_held_while_packer_runs(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    supervised = supervise(ends="waits")
    workshop.diary.wait_until_ready()
    record, lease = workshop.catalogue.get(a_build().id), workshop.catalogue.lease(lease_name("web"))
    assert record is not None
    assert record.status == "building"
    assert lease is not None
    wait_until(lambda: (workshop.catalogue.lease(lease_name("web")) or lease).expires > lease.expires)
    supervised.interrupt()
    assert supervised.outcome().build.status == "failed"


def test_an_image_that_somebody_else_builds_is_refused_and_not_recorded(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    workshop.catalogue.acquire_lease(lease_name("web"), "ann@office", 60)
    outcome = supervise(ends="built").outcome()
    assert outcome.refused is not None
    assert "ann@office" in outcome.refused
    assert workshop.catalogue.builds() == []
    assert workshop.diary.lines() == []


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        pytest.param({"run": FAILED_TASK}, "Install IIS: The source files are missing", id="a task of a role"),
        pytest.param(
            {"says": ["1,amazon-ebs.windows,error,Error querying AMI: denied"]},
            "Error querying AMI: denied",
            id="Packer",
        ),
        pytest.param({}, "said nothing about it", id="nobody"),
        pytest.param(
            {"says": ["1,amazon-ebs.windows,error,correct horse is no password"]},
            "******** is no password",
            id="masked",
        ),
    ],
)
def test_a_failure_is_recorded_with_its_reason(
    workshop: Workshop, supervise: t.Callable[..., Supervised], plan: dict[str, t.Any], error: str
) -> None:
    supervise(ends="failed", **plan).outcome()
    record = workshop.catalogue.get(a_build().id)
    assert record is not None
    assert record.status == "failed"
    assert error in (record.error or "")


def test_a_packer_that_crashes_is_a_failure(supervise: t.Callable[..., Supervised]) -> None:
    assert "exit code 137" in (supervise(ends="crashed").outcome().build.error or "")


def test_a_success_without_an_ami_is_a_failure(supervise: t.Callable[..., Supervised]) -> None:
    assert "names no AMI" in (supervise(ends="built", ami="").outcome().build.error or "")


def test_no_secret_reaches_the_log(supervise: t.Callable[..., Supervised]) -> None:
    supervised = supervise(ends="failed", says=["1,,ui,message,    amazon-ebs.windows: password: correct horse"])
    supervised.outcome()
    assert "password: ********" in supervised.log
    assert "correct horse" not in supervised.log


@pytest.mark.parametrize("said", ["ansible-playbook was ended by Ctrl-C", None])
def test_an_interruption_cleans_up_and_is_recorded(
    workshop: Workshop, supervise: t.Callable[..., Supervised], said: str | None
) -> None:
    names = workshop.leave(a_build())
    says = [
        f"1,,ui,say,Creating temporary security group for this instance: {names['security_group']}",
        f"1,,ui,message,Instance ID: {names['instance']}",
    ]
    supervised = supervise(ends="waits", says=says)
    workshop.diary.wait_until_ready()
    if said:
        supervised.interrupt(said)
    else:
        assert supervised.process.stdin
        supervised.process.stdin.close()
    outcome = supervised.outcome()
    assert outcome.build.error == f"Interrupted: {said or 'ansible-playbook was killed'}."
    assert outcome.problems == []
    assert workshop.diary.signals() == ["SIGINT", "cleaned up"]
    assert workshop.diary.alive() == []
    assert workshop.left() == NOTHING
    assert workshop.catalogue.get(outcome.build.id) == outcome.build
    assert workshop.catalogue.lease(lease_name("web")) is None


def test_a_supervisor_that_is_told_to_end_interrupts_packer(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    supervised = supervise(ends="waits")
    workshop.diary.wait_until_ready()
    supervised.process.send_signal(signal.SIGTERM)
    assert "SIGTERM" in (supervised.outcome().build.error or "")
    assert workshop.diary.signals() == ["SIGINT", "cleaned up"]


def test_a_terminal_that_goes_away_does_not_end_the_supervisor(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    supervised = supervise(ends="waits")
    workshop.diary.wait_until_ready()
    supervised.process.send_signal(signal.SIGHUP)
    supervised.process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        supervised.process.wait(1)
    supervised.interrupt()
    assert supervised.outcome().build.error == "Interrupted: Ctrl-C."


def test_a_lease_that_somebody_took_over_ends_the_build(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    supervised = supervise(ends="waits")
    workshop.diary.wait_until_ready()
    lease = workshop.catalogue.lease(lease_name("web"))
    assert lease is not None
    workshop.catalogue.release(lease)
    assert "the lease was lost" in (supervised.outcome().build.error or "")


def test_a_lease_that_was_lost_is_noticed_at_the_end_at_the_latest(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    build, gate = a_build(), workshop.path / "gate"
    ami = workshop.an_ami(build.ami_name or "")
    supervised = supervise(build=build, lease_seconds=600, ends="built", ami=ami, until=str(gate))
    newer = take_over(workshop)
    gate.touch()
    ended = supervised.outcome().build
    assert (ended.status, ended.amis, workshop.left()) == ("failed", {}, NOTHING)
    assert ended.error is not None
    assert re.search(rf"the lease was lost: me, .* no longer holds .*\. AMI {ami} was removed$", ended.error)
    assert workshop.catalogue.get(build.id) == ended
    assert workshop.catalogue.by_ami(ami) is None
    assert workshop.catalogue.lease(lease_name("web")) == newer


def test_an_ami_of_a_lost_lease_that_stays_is_named(workshop: Workshop, supervise: t.Callable[..., Supervised]) -> None:
    gate = workshop.path / "gate"
    ami = workshop.an_ami("whatever the template called it")
    supervised = supervise(lease_seconds=600, ends="built", ami=ami, until=str(gate))
    take_over(workshop)
    gate.touch()
    ended = supervised.outcome().build
    assert (ended.status, list(ended.amis.values())) == ("failed", [ami])
    assert f"AMI {ami} is still there: remove it." in (ended.error or "")
    assert workshop.catalogue.by_ami(ami) == ended


def take_over(workshop: Workshop) -> Lease:
    """Take the lease from the build that is under way."""
    workshop.diary.wait_until_ready()
    lease = workshop.catalogue.lease(lease_name("web"))
    assert lease is not None
    workshop.catalogue.release(lease)
    return workshop.catalogue.acquire_lease(lease_name("web"), "ann@office", 600)


def test_what_a_killed_supervisor_left_is_cleaned_by_another_one(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    supervised = supervise(ends="waits")
    workshop.diary.wait_until_ready()
    workshop.leave(a_build())
    supervised.process.kill()
    supervised.process.communicate()
    supervised.process = supervised.start("--recover")
    outcome = supervised.outcome()
    assert "the supervisor of the build was killed" in (outcome.build.error or "")
    assert workshop.left()["instances"] == []
    assert workshop.left()["images"] == []
    assert workshop.catalogue.get(outcome.build.id) == outcome.build
    assert workshop.catalogue.lease(lease_name("web")) is None
    assert not supervised.directory.exists()


def test_the_next_build_cleans_up_after_one_that_nobody_survived(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    crashed = a_build(id="20261101T000000Z-000000", ami_name="golden-web-20261101T000000Z-000000")
    lease = workshop.catalogue.acquire_lease(lease_name("web"), "a machine that lost power", 60)
    workshop.catalogue.start(crashed, lease)
    workshop.catalogue.release(lease)  # expired, in a test without patience
    workshop.leave(crashed)
    supervised = supervise(ends="failed")
    supervised.outcome()
    record = workshop.catalogue.get(crashed.id)
    assert record is not None
    assert record.status == "failed"
    assert record.seconds is not None
    left = workshop.left()
    assert (left["instances"], left["images"], left["volumes"], left["key pairs"]) == ([], [], [], [])
    assert f"Build {crashed.id} crashed and left: instances" in supervised.log


def test_an_ec2_that_does_not_answer_is_said_and_the_failure_recorded(
    workshop: Workshop, supervise: t.Callable[..., Supervised]
) -> None:
    workshop.aws_config.write_text(workshop.aws_config.read_text().replace(workshop.endpoint, "http://127.0.0.1:9"))
    outcome = supervise(ends="failed").outcome()
    assert any("127.0.0.1:9" in problem for problem in outcome.problems)
    assert workshop.catalogue.get(outcome.build.id) == outcome.build
