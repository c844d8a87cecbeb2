# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection, built and installed, in the hands of someone who has nothing else of this project."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tarfile
import typing as t

import pytest

from tests.e2e.conftest import BIN, ROOT, Finished

from .conftest import Site, table

# All that the archive may have at its top. Anything else is ours alone, or generated, or a secret.
CONTENTS = {
    "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "requirements.yml",
    "changelogs", "docs", "inventories", "meta", "packer", "playbooks", "plugins", "roles",
}  # fmt: skip
PLAY = [
    {
        "hosts": "web",
        "gather_facts": False,
        "tasks": [
            {
                "include_role": {"name": "golden.windows_ami.firewall"},
                "vars": {"firewall_rules": [{"name": "Of the collection", "port": "8443", "remote": ["10.0.0.0/8"]}]},
            }
        ],
    }
]


class User:
    """A directory with the installed collection, a play and an inventory, and nothing of the repository."""

    def __init__(self, path: pathlib.Path, site: Site) -> None:
        self.path = path
        self.collections = path / "collections"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(path),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(path / ".ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_CALLBACKS_ENABLED": "golden.windows_ami.change_table",
        }
        server = site.servers[0]
        connection = {
            "ansible_host": site.address(server), "ansible_user": "Administrator",
            "ansible_password": site.password(server),
            "ansible_connection": "winrm", "ansible_port": 5986, "ansible_winrm_transport": "ntlm",
            "ansible_winrm_server_cert_validation": "ignore",
        }  # fmt: skip
        (path / "hosts.yml").write_text(json.dumps({"web": {"hosts": {"web-1": connection}}}))
        (path / "hosts.yml").chmod(0o600)
        (path / "play.yml").write_text(json.dumps(PLAY))

    def run(self, program: str, *arguments: str) -> Finished:
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd=self.path, env=self._environment, timeout=300, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout + done.stderr)

    def play(self, *arguments: str) -> Finished:
        return self.run("ansible-playbook", "-i", "hosts.yml", *arguments)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("archive")
    command = [str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(directory), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = directory.iterdir()
    return path


@pytest.fixture(scope="module")
def user(site: Site, archive: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> User:
    user = User(tmp_path_factory.mktemp("user"), site)
    done = user.run(
        "ansible-galaxy", "collection", "install", str(archive), "-p", str(user.collections), "--no-deps", "--offline"
    )
    assert done.status == 0, done.output
    return user


def test_the_archive_has_what_users_need_and_nothing_else(archive: pathlib.Path) -> None:
    with tarfile.open(archive) as content:
        names = [pathlib.PurePosixPath(member.name) for member in content.getmembers()]
    assert {name.parts[0] for name in names} <= CONTENTS
    assert {"roles", "plugins", "playbooks", "packer"} <= {name.parts[0] for name in names}
    strange = [str(name) for name in names if name.suffix in {".pem", ".pyc", ".retry", ".sqlite", ".log"}]
    assert strange == []
    assert [str(name) for name in names if "inventories/lab" in str(name) or ".lab" in name.parts] == []


def test_a_play_uses_the_installed_role(user: User) -> None:
    first = user.play("play.yml", "-v")
    assert first.status == 0, first.output
    assert "Of the collection" in first.output
    assert "changed=0" not in next(line for line in first.output.splitlines() if line.startswith("web-1 "))
    # It is the installed copy that ran.
    assert str(user.collections) in first.output
    assert str(ROOT) not in first.output
    second = user.play("play.yml")
    assert second.status == 0, second.output
    assert "changed=0" in second.output


def test_the_playbooks_of_the_collection_serve_other_inventories(user: User) -> None:
    variables: dict[str, t.Any] = {
        "golden_servers": "web",
        "golden_configure_roles": "golden.windows_ami.firewall",
        "firewall_rules": [{"name": "Of the playbook", "port": "8080"}],
    }
    configured = user.play("golden.windows_ami.configure", "-e", json.dumps(variables))
    assert configured.status == 0, configured.output
    assert {row[:3] for row in table(configured)} == {("web-1", "firewall", "changed")}
    report = user.path / "audit.json"
    variables |= {"golden_audit_report": str(report)}
    clean = user.play("golden.windows_ami.audit_servers", "-e", json.dumps(variables))
    assert clean.status == 0, clean.output
    assert [tuple(row) for row in table(clean)] == [("web-1", "firewall", "clean", "")]
    found = {"golden.windows_ami.firewall": {"status": "clean", "message": ""}}
    assert json.loads(report.read_text()) == {"clean": True, "servers": {"web-1": found}}
