# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Tools for PowerShell, and programs that get an array."""

from __future__ import annotations

import pytest

from lab.windows.runtime import AwsRefusedError
from tests.lab.powershell.guests import Instance, run, running


class Server(Instance):
    """An instance whose role may read one parameter."""

    def ssm_parameter(self, name: str, decrypt: bool) -> tuple[str, str]:
        if name != "/known":
            raise AwsRefusedError(f"not authorized to perform: ssm:GetParameter on {name}")
        return "SecureString", "clear" if decrypt else "kms:sealed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Get-EC2InstanceMetadata -Category LocalIpv4", "127.16.0.9"),
        ("Get-EC2InstanceMetadata -Category InstanceId", "i-0123456789abcdef0"),
        ("(Get-SSMParameter -Name /known -WithDecryption $true).Value", "clear"),
        ("(Get-SSMParameter -Name /known -Region eu-west-1).Value", "kms:sealed"),
        ("$words = 'query', 'WinRM'; (& sc.exe $words) -match 'SERVICE_NAME'", "SERVICE_NAME: WinRM"),
    ],
)
def test_it_says(text: str, said: str) -> None:
    machine = running()
    machine.attach(metadata=Server())
    done = run(text, machine)
    assert (done.rc, done.out.strip(), done.err) == (0, said, "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Get-SSMParameter -Name /other", "not authorized"),
        ("Get-SSMParameter -Name /known -Region us-east-1", "Parameter /known not found"),
        ("Get-EC2InstanceMetadata -Category Colour", "Colour"),
    ],
)
def test_it_refuses(text: str, error: str) -> None:
    machine = running()
    machine.attach(metadata=Server())
    done = run(f"$ErrorActionPreference = 'Stop'; {text}", machine)
    assert done.rc == 1
    assert error in " ".join(done.err.split())
