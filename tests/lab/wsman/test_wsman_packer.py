# SPDX-License-Identifier: GPL-3.0-or-later
"""Packer's own Go client, as `packer build` uses it: NTLM inside TLS."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess

from tests.lab.wsman.guests import PASSWORD, Service

TEMPLATE = pathlib.Path(__file__).with_name("null.pkr.hcl")


def packer(service: Service, folder: pathlib.Path, password: str, timeout: str) -> subprocess.CompletedProcess[str]:
    executable = shutil.which("packer")
    assert executable, "Packer is not installed"
    variables = folder / "variables.json"
    values = {"address": service.address, "port": service.https, "password": password, "timeout": timeout}
    variables.write_text(json.dumps(values))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PACKER_CACHE_DIR": str(folder / "cache"),
        "CHECKPOINT_DISABLE": "1",
    }
    command = [executable, "build", "-color=false", f"-var-file={variables}", str(TEMPLATE)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_packer_connects(service: Service, tmp_path: pathlib.Path) -> None:
    result = packer(service, tmp_path, PASSWORD, "20s")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Connected to WinRM!" in result.stdout
    assert "provisioned" in result.stdout
    assert service.guest.seen[0].command_line.startswith("powershell.exe -EncodedCommand ")
    assert service.endpoint.service.shells == ()


def test_packer_gives_up_with_the_wrong_password(service: Service, tmp_path: pathlib.Path) -> None:
    result = packer(service, tmp_path, "wrong", "3s")

    assert result.returncode == 1
    assert "Timeout waiting for WinRM" in result.stdout + result.stderr
    assert service.guest.seen == []
