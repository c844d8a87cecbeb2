# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles on disk, and an action run in this process."""

from __future__ import annotations

import pathlib
import textwrap
import typing as t

import pytest
import yaml

ROLES: dict[str, dict[str, str]] = {
    "web": {
        "meta/argument_specs.yml": """
            argument_specs:
              main:
                options:
                  web_port: {type: int, default: 80}
                  web_sites:
                    type: list
                    elements: dict
                    options:
                      name: {type: str, required: true}
                      pin: {type: str, no_log: true}
                  web_key: {type: str, no_log: true}
                  web_mode: {type: str, choices: [a, b]}
                  web_version: {type: str}
                  web_url: {type: str}
                  web_sha256: {type: str}
              verify:
                options:
                  web_expected: {type: bool}
            """,
        "defaults/main.yml": """
            web_port: 80
            web_version: "1.0"
            web_url: "https://files.example.com/web-{{ web_version }}.msi"
            web_sha256: abc
            web_home: "{{ ansible_facts['env']['SystemDrive'] }}"
            """,
        "vars/main.yml": """
            __web_table: {"1.0": {url: "https://files.example.com/table.msi", sha256: abc}}
            """,
        "tasks/main.yml": "[]",
    },
    "plain": {"tasks/main.yml": "[]"},
    "stacked": {"meta/main.yml": "dependencies: [plain, {role: web}]", "tasks/main.yml": "[]"},
    "seal": {"tasks/main.yml": "[]"},
}


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a directory with roles, a provisioning playbook and a template."""
    for role, files in ROLES.items():
        for name, text in files.items():
            write(tmp_path / "playbooks" / "roles" / role / name, text)
    write(tmp_path / "playbooks" / "provision.yml", "- {hosts: all, tasks: [{include_role: {name: seal}}]}")
    write(tmp_path / "packer" / "build.pkr.hcl", "# template")
    write(tmp_path / "packer" / "bootstrap" / "winrm.ps1", "# user data")
    return tmp_path


def write(path: pathlib.Path, text: t.Any) -> None:
    """Write text, or anything else as YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text) if isinstance(text, str) else yaml.safe_dump(text))
