# SPDX-License-Identifier: GPL-3.0-or-later
"""The Packer template is formatted, valid, and fills in the user data."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import typing as t

import pytest

from tests.unit.packer_build.workshop import REGION
from tests.unit.running import REPOSITORY

TEMPLATE = REPOSITORY / "packer"
VALUES: dict[str, t.Any] = {
    "image": "web",
    "ami_name": "golden-web-1",
    "source_ami": "ami-0123456789abcdef0",
    "ami_tags": {"golden:image": "web"},
    "run_tags": {"golden:image": "web"},
    "key_pair_name": "golden-1",
    "ansible_playbook": "/bin/true",
    "playbook": str(REPOSITORY / "playbooks" / "provision.yml"),
    "extra_vars_file": "/tmp/extra-vars.json",
    "manifest": "/tmp/manifest.json",
    "region": REGION,
    "instance_type": "m5.large",
    "subnet_id": "subnet-1",
    "builder_addresses": ["192.0.2.1/32", "192.0.2.2/32"],
}


def packer(home: pathlib.Path, *arguments: str, stdin: str = "", **changes: t.Any) -> subprocess.CompletedProcess[str]:
    """Run Packer on the template with these values changed."""
    values = home / "values.json"
    values.write_text(json.dumps({**VALUES, **changes}))
    command, *rest = arguments
    return subprocess.run(
        ["packer", command, *rest, f"-var-file={values}", str(TEMPLATE)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TMPDIR": str(home), "HOME": str(home)},
    )


def user_data(home: pathlib.Path, **changes: t.Any) -> str:
    return packer(home, "console", stdin="local.bootstrap\n", **changes).stdout


def test_the_template_is_valid(tmp_path: pathlib.Path) -> None:
    result = packer(tmp_path, "validate")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("directory", ["", "plugins"])
def test_the_template_is_formatted(directory: str) -> None:
    result = subprocess.run(["packer", "fmt", "-check", str(TEMPLATE / directory)], capture_output=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"builder_addresses": []}, "WinRM is not opened to everyone"),
        ({"builder_addresses": ["0.0.0.0/0"]}, "WinRM is not opened to everyone"),
        ({"interface": "session_manager"}, "One of private_ip, private_dns, public_ip, public_dns"),
        ({"ami_name": "ab"}, "An AMI name has 3 to 128 characters"),
    ],
    ids=["no address", "every address", "another way in", "a name too short"],
)
def test_values_that_cannot_be_right_are_refused(
    tmp_path: pathlib.Path, changes: dict[str, t.Any], message: str
) -> None:
    result = packer(tmp_path, "validate", **changes)
    assert result.returncode != 0
    assert message in " ".join((result.stdout + result.stderr).split())


def test_the_user_data_gets_the_addresses_and_the_proxy(tmp_path: pathlib.Path) -> None:
    text = user_data(
        tmp_path, proxy_url="http://user:it's@192.0.2.9:3128", proxy_bypass=["localhost", "169.254.169.254"]
    )
    assert "$ProxyUrl = 'http://user:it''s@192.0.2.9:3128'" in text
    assert "$ProxyBypass = 'localhost,169.254.169.254'" in text
    assert "$BuilderAddresses = '192.0.2.1/32,192.0.2.2/32' -split ','" in text


def test_no_placeholder_is_left_in_the_user_data(tmp_path: pathlib.Path) -> None:
    text = user_data(tmp_path)
    assert "Open-WinRM" in text
    assert not re.search(r"'@[A-Z_]+@'", text)


def test_the_user_data_holds_nothing_that_packer_takes_for_a_template() -> None:
    # Packer renders strings of the builder once more, as Go templates.
    assert "{{" not in (TEMPLATE / "bootstrap" / "winrm.ps1").read_text()


def test_the_user_data_fits_where_ec2_is_strictest() -> None:
    # EC2Launch v1 takes 16 KB.
    assert (TEMPLATE / "bootstrap" / "winrm.ps1").stat().st_size < 15 * 1024
