# SPDX-License-Identifier: GPL-3.0-or-later
"""The incident that started this project, replayed in a lab of its own: `make incident`.

An Auto Scaling group starts from Amazon's AMI. Amazon withdraws it, an instance is lost, and the group cannot replace
it. Then the group gets an AMI that we own, and loses an instance again.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request

import boto3
import botocore.session

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(sys.executable).parent
GROUP, TEMPLATE, IMAGE = "web", "web", "octopus_tentacle"
# How much older Amazon's AMI gets: a few weeks are left until it may be withdrawn.
AGE_DAYS = 30
# Seconds to wait for the group to do something, or to see that it cannot.
PATIENCE = 60
# What Ansible says of its own work, outside and inside the builder.
_HEADING = re.compile(
    rf"({IMAGE}: )?(PLAY|TASK|RUNNING HANDLER|ok:|changed:|skipping:|included:|Adding tag|default +:)|\S+ +: ok=\d+"
)


class StepFailed(Exception):  # noqa: N818 - it ends the story
    """Something did not go as the story says."""


class Story:
    """Tells what happens, with the seconds since the beginning, and checks that it does."""

    def __init__(self, lab: pathlib.Path) -> None:
        self._lab = lab
        self._begun = time.monotonic()
        self._environment = {
            **os.environ,
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "GOLDEN_LAB_DIR": str(lab),
        }

    def say(self, text: str) -> None:
        print(f"\n\033[1m[{time.monotonic() - self._begun:3.0f} s] {text}\033[0m", flush=True)

    def lab(self, verb: str) -> None:
        """Start or stop the lab."""
        subprocess.run([sys.executable, "-m", "lab", verb], cwd=ROOT, env=self._environment, check=True)

    def control(self, path: str) -> t.Any:
        """Ask the lab for something that no AWS would do."""
        with urllib.request.urlopen(f"{self._info['endpoint_url']}/lab/{path}", timeout=30) as answer:
            return json.load(answer)

    def client(self, service: str) -> t.Any:
        core = botocore.session.Session(profile="default")
        core.set_config_variable("config_file", self._info["aws_config_file"])
        return boto3.Session(botocore_session=core).client(service, region_name=self._info["region"])

    def play(self, playbook: str, *arguments: str, says: str, fails: bool = False) -> None:
        """Run a playbook and show what it says, without Ansible's own headings; it must go as the story says.

        ``says`` is what its output must contain.
        """
        print(f"$ ansible-playbook playbooks/{playbook} {' '.join(arguments)}", flush=True)
        done = subprocess.run(
            [str(BIN / "ansible-playbook"), f"playbooks/{playbook}", *arguments],
            cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            if line.strip() and not _HEADING.match(line):
                print(f"  {line}", flush=True)
        if (done.returncode != 0) != fails:
            raise StepFailed(f"{playbook} ended with exit status {done.returncode}")
        if says not in done.stdout:
            raise StepFailed(f"{playbook} does not say {says!r}")
        print(f"  exit status {done.returncode}", flush=True)

    @property
    def _info(self) -> dict[str, t.Any]:
        return t.cast(dict[str, t.Any], json.loads((self._lab / "lab.json").read_text(encoding="utf-8")))

    @property
    def subnet(self) -> str:
        return str(self._info["subnet_id"])


def running(groups: t.Any) -> list[dict[str, t.Any]]:
    """Return the instances of the group that serve."""
    group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"][0]
    return [one for one in group["Instances"] if one["LifecycleState"] == "InService"]


def wait(what: str, check: t.Callable[[], t.Any]) -> t.Any:
    """Return what the check says as soon as it says anything; raise StepFailed when it never does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.3)
    raise StepFailed(f"Not within {PATIENCE} s: {what}")


def lose_the_instance(story: Story) -> str:
    """Terminate what serves, and return its id."""
    (lost,) = running(story.client("autoscaling"))
    story.client("ec2").terminate_instances(InstanceIds=[lost["InstanceId"]])
    return str(lost["InstanceId"])


def tell(story: Story) -> None:
    """Run the story from the beginning to the end."""
    groups, ec2 = story.client("autoscaling"), story.client("ec2")
    names = [{"Name": "name", "Values": ["Windows_Server-2022-English-Full-Base-*"]}]
    releases = ec2.describe_images(Owners=["amazon"], Filters=names)["Images"]
    stock = min(releases, key=lambda image: str(image["CreationDate"]))["ImageId"]

    story.say(f"A service runs in the Auto Scaling group {GROUP}, from Amazon's AMI {stock}.")
    ec2.create_launch_template(
        LaunchTemplateName=TEMPLATE, LaunchTemplateData={"ImageId": stock, "InstanceType": "m5.large"}
    )
    groups.create_auto_scaling_group(
        AutoScalingGroupName=GROUP, MinSize=1, MaxSize=2, DesiredCapacity=1, VPCZoneIdentifier=story.subnet,
        LaunchTemplate={"LaunchTemplateName": TEMPLATE, "Version": "$Default"},
    )  # fmt: skip
    wait("the group starts an instance", lambda: running(groups))
    story.control(f"age?image_id={stock}&days={AGE_DAYS}")

    story.say(f"{AGE_DAYS} days later, the audit says what is coming; a CI job would have failed.")
    story.play("audit.yml", "-e", "fail_on=warning", says="ami-withdrawn-soon", fails=True)

    story.say("Nobody looked. Amazon withdraws the AMI. The service still runs.")
    story.control(f"withdraw?image_id={stock}")
    story.play("audit.yml", says="ami-gone", fails=True)

    story.say(f"The instance {lose_the_instance(story)} is lost. The group cannot replace it: the service is down.")
    failed = wait(
        "the group fails to start an instance",
        lambda: [
            one for one in groups.describe_scaling_activities(AutoScalingGroupName=GROUP)["Activities"]
            if one["StatusCode"] == "Failed"
        ],
    )  # fmt: skip
    print(f"  {failed[0]['StatusMessage']}", flush=True)

    story.say("We build an AMI that we own, on Amazon's newest. Two instances prove that it boots.")
    story.play("build.yml", "-e", f"image={IMAGE}", says="verified")
    story.say("We publish it, and roll it out to the group.")
    story.play("promote.yml", "-e", f"image={IMAGE}", "-e", "channel=stable", "-e", "reason=incident", says="done")
    story.play(
        "rollout.yml",
        "-e",
        f"image={IMAGE}",
        "-e",
        "channel=stable",
        "-e",
        f"rollout_groups={GROUP}",
        says="rolled out",
    )
    story.say(
        "The group is well. The template's default version still has Amazon's AMI: we set it, and the audit is content."
    )
    ec2.modify_launch_template(LaunchTemplateName=TEMPLATE, DefaultVersion="2")
    story.play("audit.yml", says="0 errors")

    story.say(f"The instance {lose_the_instance(story)} is lost. This time the group replaces it, from our AMI.")
    (back,) = wait("the group replaces the instance", lambda: running(groups))
    reservations = ec2.describe_instances(InstanceIds=[back["InstanceId"]])["Reservations"]
    ours = reservations[0]["Instances"][0]["ImageId"]
    owner = ec2.describe_images(ImageIds=[ours])["Images"][0]["OwnerId"]
    if owner != boto_account(story):
        raise StepFailed(f"{back['InstanceId']} runs from {ours}, which is not ours")
    print(f"  {back['InstanceId']} runs from {ours}, which this account owns", flush=True)

    story.say("And nobody takes that AMI away while something needs it.")
    story.play("retire.yml", "-e", "keep=1", "-e", "days=0", says=ours)
    if ec2.describe_images(ImageIds=[ours])["Images"][0]["State"] != "available":
        raise StepFailed(f"retire.yml did not keep {ours}")


def boto_account(story: Story) -> str:
    """Return the account that all of this is in."""
    return str(story.client("sts").get_caller_identity()["Account"])


def main() -> int:
    """Tell the story; return 1 when it does not go as it should."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="golden-incident-"))
    story = Story(directory)
    story.lab("up")
    try:
        tell(story)
    except StepFailed as exc:
        print(f"\nThe story went wrong. {exc}", file=sys.stderr)
        return 1
    finally:
        story.lab("down")
        shutil.rmtree(directory)
    story.say("The end.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
