# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab for tests: the real process, its clients and its controls."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys
import time
import typing as t
import urllib.parse
import urllib.request

import boto3

ROOT = pathlib.Path(__file__).resolve().parents[3]


def lab_command(directory: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab", "--dir", str(directory), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)


@dataclasses.dataclass(frozen=True)
class Lab:
    """A running lab and clients for it."""

    state: dict[str, t.Any]

    def client(self, service: str, region: str | None = None) -> t.Any:
        return boto3.session.Session(
            aws_access_key_id="lab", aws_secret_access_key="lab", region_name=region or self.state["region"]
        ).client(service, endpoint_url=self.state["endpoint_url"])

    def account(self, account: str, service: str, region: str | None = None) -> t.Any:
        """Return a client of another account, with a role that was assumed there."""
        arn = f"arn:aws:iam::{account}:role/reader"
        assumed = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
        return boto3.session.Session(
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
            region_name=region or self.state["region"],
        ).client(service, endpoint_url=self.state["endpoint_url"])

    def control(self, name: str, **query: str) -> dict[str, t.Any]:
        url = f"{self.state['endpoint_url']}/lab/{name}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return t.cast("dict[str, t.Any]", json.load(answer))

    def instance(self, instance_id: str) -> dict[str, t.Any]:
        """Return what the lab says of an instance."""
        return next(row for row in self.control("status")["instances"] if row["instance_id"] == instance_id)


def newest_image(lab: Lab, version: str = "2022") -> str:
    """Return the id of the newest stock image of a Windows version."""
    name = f"/aws/service/ami-windows-latest/Windows_Server-{version}-English-Full-Base"
    return t.cast("str", lab.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def eventually(look: t.Callable[[], t.Any], what: str, seconds: float = 15.0) -> t.Any:
    """Look until there is something to see; return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return found
