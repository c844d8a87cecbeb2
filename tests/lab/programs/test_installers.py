# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's installers, and the Tentacle they bring."""

from __future__ import annotations

import json

import pytest

from lab.types import Completed
from lab.windows import artefacts, pending, programs, tentacle_store
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.stock_registry import UNINSTALL
from tests.lab.powershell.guests import running

OLD, NEW = "Octopus.Tentacle.8.1.2007-x64.msi", "Octopus.Tentacle.8.2.2297-x64.msi"
DOTNET, BUNDLE = "ndp48-x86-x64-allos-enu.exe", "dotnet-hosting-8.0.31-win.exe"
CODE = "{413B5B02-4F6D-489C-B328-0F458CABADCA}"
TENTACLE = '"C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe"'


@pytest.fixture
def machine() -> Machine:
    return put(running())


def put(machine: Machine) -> Machine:
    for name, content in artefacts.catalogue().items():
        machine.files.write(f"C:\\p\\{name}", content, parents=True)
    return machine


def run(machine: Machine, line: str, user: str = "Administrator") -> Completed:
    return programs.run(machine, line, user)


def msi(machine: Machine, name: str, more: str = "") -> int:
    return run(machine, f"msiexec.exe /i C:\\p\\{name} /qn /norestart {more}".strip()).rc


def test_the_same_installers_are_served_in_every_run() -> None:
    again = {name: header.to_bytes() for name, header in _products().items()}
    assert again == artefacts.catalogue()
    assert {artefacts.read_header(content).kind for content in again.values()} == {"msi", "exe"}


def _products() -> dict[str, artefacts.Header]:
    from lab.windows.artefact_list import PRODUCTS

    return PRODUCTS


def test_the_tentacle_is_installed_and_not_configured(machine: Machine) -> None:
    assert msi(machine, NEW, "/L*V C:\\p\\install.log") == 0
    assert run(machine, f"{TENTACLE} version").stdout == b"8.2.2297\r\n"
    location = machine.registry.data("HKLM\\SOFTWARE\\Octopus\\Tentacle", "InstallLocation")
    assert location == "C:\\Program Files\\Octopus Deploy\\Tentacle\\"
    assert machine.registry.data(f"{UNINSTALL}\\{CODE}", "DisplayVersion") == "8.2.2297"
    assert not [one for one in machine.services.all() if "Octopus" in one.name]
    assert tentacle_store.instances(machine) == []
    assert "returning 0" in machine.files.read_text("C:\\p\\install.log")


def test_a_newer_version_replaces_and_an_older_one_is_refused(machine: Machine) -> None:
    assert msi(machine, OLD) == 0
    assert msi(machine, NEW) == 0
    assert [name for name in machine.registry.subkeys(UNINSTALL) if "413B5B02" in name or "FCCF57EE" in name] == [CODE]
    assert msi(machine, OLD) == artefacts.FAILURE


def test_a_directory_of_ones_own_is_kept_to(machine: Machine) -> None:
    assert msi(machine, NEW, "INSTALLLOCATION=C:\\x") == 0
    assert run(machine, "C:\\x\\Tentacle.exe version").rc == 0


def test_uninstalling_leaves_nothing(machine: Machine) -> None:
    before = {node.path for node in machine.files.walk("C:\\Program Files")}
    msi(machine, NEW)
    assert run(machine, f"msiexec.exe /x {CODE} /qn").rc == 0
    assert {node.path for node in machine.files.walk("C:\\Program Files")} == before
    assert not machine.registry.key_exists(f"{UNINSTALL}\\{CODE}")
    assert run(machine, f"msiexec.exe /x {CODE} /qn").rc == artefacts.UNKNOWN_PRODUCT


def test_msiexec_refuses_what_is_no_package(machine: Machine) -> None:
    assert run(machine, "msiexec /i C:\\no.msi /qn").rc == 1619
    assert run(machine, f"msiexec /i C:\\p\\{DOTNET} /qn").rc == 1620
    machine.users.add("bob", "Passw0rd!")
    assert run(machine, f"msiexec /i C:\\p\\{NEW} /qn", "bob").rc == artefacts.FAILURE


def test_an_argument_nobody_knows_is_named(machine: Machine) -> None:
    with pytest.raises(UnsupportedError, match="NONSENSE=1"):
        msi(machine, NEW, "NONSENSE=1")
    with pytest.raises(UnsupportedError, match="not the lab's own"):
        artefacts.install(machine, b"MZ real")


@pytest.mark.parametrize(("version", "agent", "rc"), [("2019", "v1", 3010), ("2022", "v2", 5100)])
def test_dotnet_framework_needs_an_older_one_and_a_restart(version: str, agent: str, rc: int) -> None:
    machine = put(running(version, agent))
    before = machine.registry.data(artefacts.DOTNET_KEY, "Release")
    assert run(machine, f"C:\\p\\{DOTNET} /q /norestart").rc == rc
    after = machine.registry.data(artefacts.DOTNET_KEY, "Release")
    assert (after, machine.registry.key_exists(pending.CBS)) == ((528049, True) if rc == 3010 else (before, False))


def test_the_hosting_bundle_brings_its_module_only_to_iis(machine: Machine) -> None:
    module = "C:\\Program Files\\IIS\\Asp.Net Core Module\\V2\\aspnetcorev2.dll"
    line = f"C:\\p\\{BUNDLE} /install /quiet /norestart"
    assert run(machine, line).rc == 0
    assert machine.files.is_directory("C:\\Program Files\\dotnet\\shared\\Microsoft.AspNetCore.App\\8.0.31")
    assert "C:\\Program Files\\dotnet\\" in (machine.environment.get("Path") or "")
    assert not machine.files.exists(module)
    machine.install_features(["Web-Server"])
    assert run(machine, line).rc == 0
    assert machine.files.exists(module)


# --- Tentacle.exe ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tentacle(machine: Machine) -> Machine:
    msi(machine, NEW)
    return machine


def test_a_tentacle_is_set_up_step_by_step(tentacle: Machine) -> None:
    config = "C:\\Octopus\\Tentacle.config"
    steps = [
        f"create-instance --instance Tentacle --config {config}",
        "new-certificate --instance Tentacle --if-blank --console",
        "configure --instance Tentacle --reset-trust",
        "configure --instance=Tentacle --home C:\\Octopus --app C:\\Octopus\\Apps --port 10933 --noListen False",
        "configure --instance Tentacle --trust ABCDEF",
        "service --instance Tentacle --install --start",
    ]
    assert [run(tentacle, f"{TENTACLE} {step}").rc for step in steps] == [0] * len(steps)
    service = tentacle.services.get("OctopusDeploy Tentacle")
    assert service.state == "Running"
    thumbprint = run(tentacle, f"{TENTACLE} show-thumbprint").stdout.decode().strip()
    assert len(thumbprint) == 40
    run(tentacle, f"{TENTACLE} new-certificate --if-blank")
    assert run(tentacle, f"{TENTACLE} show-thumbprint").stdout.decode().strip() == thumbprint
    index = tentacle.files.read_text("C:\\ProgramData\\Octopus\\Tentacle\\Instances\\tentacle.config")
    assert json.loads(index) == {"Name": "Tentacle", "ConfigurationFilePath": config}
    assert [one["Thumbprint"] for one in tentacle_store.find(tentacle, "").trusted] == ["ABCDEF"]


def test_a_tentacle_that_polls_shows_its_subscription(tentacle: Machine) -> None:
    steps = [
        "create-instance --config C:\\Octopus\\Tentacle.config",
        "new-certificate",
        "configure --noListen True --trust ABCDEF",
        "server-comms --thumbprint ABCDEF --style TentacleActive --host octopus.example --port 10943",
        "polling-proxy --proxyEnable true --proxyHost http://proxy.example --proxyPort 3128",
    ]
    assert [run(tentacle, f"{TENTACLE} {step}").rc for step in steps] == [0] * len(steps)
    shown = json.loads(run(tentacle, f"{TENTACLE} show-configuration").stdout)["Tentacle"]
    assert shown["Services"] == {"NoListen": True, "PortNumber": 10933}
    passive, active = shown["Communication"]["TrustedOctopusServers"]
    assert (passive["CommunicationStyle"], passive["Address"], passive["SubscriptionId"]) == (1, None, None)
    assert (active["CommunicationStyle"], active["Address"]) == (2, "https://octopus.example:10943/")
    assert active["SubscriptionId"].startswith("poll://")
    run(tentacle, f"{TENTACLE} {steps[3]}")
    assert json.loads(run(tentacle, f"{TENTACLE} show-configuration").stdout)["Tentacle"] == shown
    assert tentacle_store.find(tentacle, "").get("Octopus.Server.Proxy.ProxyHost") == "proxy.example"
    listed = json.loads(run(tentacle, f"{TENTACLE} list-instances --format json").stdout)
    assert listed == [{"InstanceName": "Tentacle", "ConfigurationFilePath": "C:\\Octopus\\Tentacle.config"}]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("show-thumbprint", "has not been configured on this machine"),
        ("create-instance --nonsense 1", "Unrecognized command line arguments: --nonsense"),
        ("create-instance --instance", "Missing required value"),
    ],
)
def test_the_tentacle_refuses_clearly(tentacle: Machine, words: str, text: str) -> None:
    done = run(tentacle, f"{TENTACLE} {words}")
    assert done.rc == 1
    assert text in done.stderr.decode()


def test_a_service_without_certificate_does_not_start(tentacle: Machine) -> None:
    run(tentacle, f"{TENTACLE} create-instance")
    done = run(tentacle, f"{TENTACLE} service --install --start")
    assert done.rc == 1
    assert b"no certificate" in done.stderr


def test_only_the_api_of_the_server_registers(tentacle: Machine) -> None:
    with pytest.raises(UnsupportedError, match="only the API"):
        run(tentacle, f"{TENTACLE} register-with --server http://x")
