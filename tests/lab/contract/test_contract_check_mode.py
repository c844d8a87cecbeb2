# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode says what the real run then does, touches nothing, and a second run has nothing to do."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from lab.ansible import ps_spec
from tests.lab.contract import example_guest
from tests.lab.contract.documents import names, source
from tests.lab.contract.drawn import CASES, Args
from tests.lab.contract.dump import difference, dump
from tests.lab.modules.calls import Guest

# Modules that have a check mode and no case here.
ONLY_LOOK = (
    *("async_status", "setup", "slurp", "win_certificate_info", "win_feature_info", "win_find", "win_ping"),
    *(
        "win_listen_ports_facts",
        "win_product_facts",
        "win_reg_stat",
        "win_scheduled_task_stat",
        "win_service_info",
        "win_stat",
        "win_wait_for",
    ),
    "win_whoami",
)
OTHERWISE = {
    "win_powershell": "its script says what changes",
    "win_tempfile": "it makes another file each time",
}
SETTINGS = hypothesis.settings(
    deadline=None,
    phases=[hypothesis.Phase.generate],
    derandomize=True,
    max_examples=8,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(scope="module")
def pristine() -> Guest:
    """A guest with files, packages, certificates and IIS to change."""
    guest = example_guest.make()
    guest.ok("win_feature", name=["Web-Server", "Web-Scripting-Tools"])
    guest.machine.files.write("C:\\Temp\\cert.pem", example_guest.pem())
    return guest


def _copy(pristine: Guest) -> Guest:
    guest = Guest(pristine.machine.snapshot())
    guest.machine.attach(network=pristine.machine.network)
    return guest


def check_then_run(guest: Guest, module: str, args: Args) -> None:
    """Run a module in check mode, then really, then again."""
    before = dump(guest.machine)
    predicted = guest.run(module, check=True, **args)
    assert difference(before, dump(guest.machine)) == {}
    real = guest.run(module, **args)
    assert (bool(predicted.get("failed")), predicted["changed"]) == (bool(real.get("failed")), real["changed"]), real
    if real.get("failed"):
        assert predicted["msg"] == real["msg"]
        return
    if not real["changed"]:
        assert difference(before, dump(guest.machine)) == {}
    if real.get("reboot_required"):
        guest.machine.power_off()
        guest.machine.power_on()
    assert guest.ok(module, **args)["changed"] is (args.get("state") == "touch")


@pytest.mark.parametrize("module", CASES, ids=lambda name: name.rpartition(".")[2])
def test_check_mode_predicts_the_real_run(pristine: Guest, module: str) -> None:
    @SETTINGS
    @hypothesis.given(calls=st.lists(CASES[module], min_size=1, max_size=3))
    def run(calls: list[Args]) -> None:
        guest = _copy(pristine)
        for args in calls:
            check_then_run(guest, module, args)

    run()


@pytest.mark.parametrize("state", ["file", "directory"])
def test_a_temporary_file_is_only_made_in_earnest(pristine: Guest, state: str) -> None:
    guest = _copy(pristine)
    before = dump(guest.machine)
    predicted = guest.ok("win_tempfile", state=state, check=True)
    assert difference(before, dump(guest.machine)) == {}
    made = guest.ok("win_tempfile", state=state)
    assert (predicted["changed"], made["changed"]) == (True, True)
    assert guest.machine.files.exists(made["path"])


def test_every_module_with_a_check_mode_is_compared() -> None:
    supporting = {name.rpartition(".")[2] for name in names() if ps_spec.supports_check_mode(source(name))}
    compared = {name.rpartition(".")[2] for name in CASES}
    assert supporting == compared | set(ONLY_LOOK) | set(OTHERWISE)
    assert not compared & (set(ONLY_LOOK) | set(OTHERWISE))
