# SPDX-License-Identifier: GPL-3.0-or-later
"""rollout.yml as its users run it: what it says before, while and after, what it may call, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import time

from tests.e2e.conftest import BIN, ROOT
from tests.verbs.iam import Policy, check, watched
from tests.verbs.rollout.conftest import Site

WANTED = ("playbooks/rollout.yml", "-e", "image=iis_dotnet", "-e", "channel=stable")
QUICK = '{"golden_rollout": {"min_healthy_percentage": 0, "instance_warmup": 0}}'
SLOW = (
    '{"golden_rollout": {"min_healthy_percentage": 0, "instance_warmup": 0, '
    '"checkpoint_percentages": [50, 100], "checkpoint_delay": 6000}}'
)


def test_check_mode_says_exactly_what_would_happen(site: Site) -> None:
    template = site.groups.template(site.old)
    name = site.groups.make(template, version="$Latest", capacity=2)
    said = site.works.play("rollout.yml", *WANTED[1:], "-e", QUICK, "--check", "--diff")
    assert said.status == 0, said.output
    for line in (
        f"{name} (eu-west-1): 2 instances, chosen by its AMI",
        "give it the version as a number: 1 in place of $Latest",
        f"from version 1: {site.old} -> {site.new}",
        "replace 2 of 2 instances by a refresh: ",
        "on failure: EC2 rolls back by itself",
        f"version $Latest: {site.old}",
        f"version new: {site.new}",
        "would roll",
    ):
        assert line in said.output
    assert site.versions(template) == {1: site.old}
    assert not site.refreshes(name)


def test_the_policy_allows_what_roll_outs_call_and_no_more(site: Site) -> None:
    ssm = site.works.lab.client("ssm")
    ssm.put_parameter(Name="/golden/ami/iis_dotnet/stable", Type="String", Value=site.new)
    template = site.groups.template(site.old)
    name = site.groups.make(template, version="$Latest", capacity=2)
    resolving = site.groups.make(site.groups.template("resolve:ssm:/golden/ami/iis_dotnet/stable"), capacity=1)
    asg = site.groups.asg
    asg.create_launch_configuration(LaunchConfigurationName="old-way", ImageId=site.new, InstanceType="m5.large")
    configured = site.groups.make(capacity=0, LaunchConfigurationName="old-way")
    # What the fixtures of this test call: the inventory reads regions only when told to.
    with watched(site.works) as seen:
        late = site.works.play(
            "rollout.yml", *WANTED[1:], "-e", SLOW, "-e", "golden_rollout_wait_seconds=0",
            "-e", '{"golden_regions": ["all"]}', "--limit", "localhost",
        )  # fmt: skip
        undone = site.works.play("rollout.yml", *WANTED[1:], "-e", "cancel=true")
        site.works.lab.get("/lab/guest-fault?fault=never-boot&times=3")
        bad = site.works.play("rollout.yml", *WANTED[1:], "-e", QUICK)
    assert "still running" in late.output
    assert (undone.status, "rolled back" in undone.output) == (0, True), undone.output
    assert bad.status != 0
    assert f"{name} (eu-west-1): rolled back" in bad.output
    assert f"{configured} (eu-west-1): blocked" in bad.output
    assert f"{resolving} (eu-west-1): 1 instance, chosen by parameter" in bad.output
    check(
        Policy.of("rollout"),
        seen,
        unseen={
            "autoscaling:CancelInstanceRefresh",  # of a refresh that cannot be rolled back
            "ec2:CreateTags",  # Auto Scaling checks that whoever names a template may launch from it
            "ec2:RunInstances",
            "iam:PassRole",
            "ssm:GetParameters",
            "sts:AssumeRole",  # into more accounts
        },
    )


def test_who_leaves_is_told_what_goes_on_and_how_to_undo_it(site: Site) -> None:
    name = site.groups.make(site.groups.template(site.old), capacity=2)
    process = subprocess.Popen(
        [str(BIN / "ansible-playbook"), *WANTED, "-e", SLOW],
        cwd=ROOT, env=site.works.lab.environment, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not site.refreshes(name) and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)
    finally:
        process.send_signal(signal.SIGINT)
    said, _nothing = process.communicate(timeout=60)
    refresh = site.groups.refresh_row(name)
    assert refresh["Status"] in ("Pending", "InProgress")
    assert f"In AWS these refreshes go on: {name} (eu-west-1) ({refresh['InstanceRefreshId']})" in said
    assert "-e cancel=true" in said

    undone = site.works.play("rollout.yml", *WANTED[1:], "-e", "cancel=true")
    assert undone.status == 0, undone.output
    assert site.groups.refresh_row(name)["Status"] == "RollbackSuccessful"


def test_the_policy_is_scoped() -> None:
    policy = json.loads((ROOT / "docs" / "iam" / "rollout.json").read_text(encoding="utf-8"))
    for one in policy["Statement"]:
        if "ec2:RunInstances" in one["Action"]:
            assert "ec2:LaunchTemplate" in one["Condition"]["ArnLike"], "only from a template"
