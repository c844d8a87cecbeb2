# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode says what the real run then does, touches nothing, and a second run has nothing to do."""

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.lab.contract.dump import difference, dump
from tests.lab.modules.calls import Guest, make_guest

Args = dict[str, t.Any]
NAME = st.sampled_from(["alpha", "Beta", "gamma"])
TEXT = st.sampled_from(["one", "two words", "%SystemRoot%\\x", "ünï"])
STATE = st.sampled_from(["present", "absent"])


def _with(**parts: st.SearchStrategy[t.Any]) -> st.SearchStrategy[Args]:
    return st.fixed_dictionaries(parts)


REGISTRY = st.one_of(
    _with(
        path=NAME.map("HKLM:\\SOFTWARE\\Lab\\{}".format),
        name=NAME,
        type=st.sampled_from(["string", "expandstring", "multistring"]),
        data=TEXT,
        state=STATE,
    ),
    _with(
        path=NAME.map("HKCU:\\Software\\{}".format),
        name=NAME,
        type=st.sampled_from(["dword", "qword"]),
        data=st.integers(0, 0xFFFFFFFF),
        state=STATE,
    ),
    _with(path=NAME.map("HKLM:\\SOFTWARE\\Lab\\{}".format), state=STATE, delete_key=st.booleans()),
)
SERVICE = _with(
    name=st.sampled_from(["Spooler", "W32Time", "BITS"]),
    state=st.sampled_from(["started", "stopped"]),
    start_mode=st.sampled_from(["auto", "manual", "delayed"]),
    description=TEXT,
)
FEATURE = _with(
    name=st.sampled_from(["Web-Server", "Telnet-Client", "Web-Static-Content", "Web-Asp-Net45"]),
    state=STATE,
    include_management_tools=st.booleans(),
)
RULE = _with(
    name=NAME,
    localport=st.sampled_from(["80", "443", "5000-5010"]),
    action=st.sampled_from(["allow", "block"]),
    direction=st.sampled_from(["in", "out"]),
    protocol=st.sampled_from(["tcp", "udp"]),
    state=STATE,
    enabled=st.booleans(),
)
PROFILES = _with(
    state=st.sampled_from(["enabled", "disabled"]),
    profiles=st.lists(st.sampled_from(["Domain", "Private", "Public"]), min_size=1, unique=True),
)
ENVIRONMENT = _with(
    variables=st.dictionaries(NAME, st.sampled_from(["", "one", "two words"]), min_size=1),
    level=st.sampled_from(["machine", "user"]),
)
PATH = _with(
    elements=st.lists(st.sampled_from(["C:\\A", "C:\\B", "%SystemRoot%\\system32"]), min_size=1, unique=True),
    state=STATE,
    scope=st.sampled_from(["machine", "user"]),
)
FILE = _with(path=NAME.map("C:\\Lab\\{}".format), state=st.sampled_from(["directory", "absent"]))
USER = _with(
    name=NAME,
    password=st.sampled_from(["Aa1!aaaa-one", "Aa1!aaaa-two"]),
    state=STATE,
    groups=st.lists(st.sampled_from(["Users", "Administrators"]), unique=True),
    account_expires=st.sampled_from(["never", "2027-01-02", "2027-10-27T14:30:00Z"]),
    account_disabled=st.booleans(),
    update_password=st.just("on_create"),  # the module always sets the password of a disabled user, to be sure
)
GROUP = _with(name=NAME, state=STATE, description=TEXT, members=_with(set=st.just(["Administrator"])))
MEMBERS = _with(
    name=st.sampled_from(["Administrators", "Backup Operators"]),
    members=st.lists(st.sampled_from(["Administrator", "Guest"]), min_size=1, unique=True),
    state=st.sampled_from(["present", "absent", "pure"]),
)
TASK = _with(
    name=NAME,
    path=st.sampled_from(["\\", "\\Lab"]),
    actions=st.just([{"path": "cmd.exe", "arguments": "/c whoami"}]),
    triggers=st.sampled_from([[], [{"type": "boot"}]]),
    username=st.just("SYSTEM"),
    description=TEXT,
    state=STATE,
    enabled=st.booleans(),
)
PROXY = _with(proxy=st.sampled_from(["host", "host:8080", {"http": "host:1"}, "http=a:1;https=b:2"]))

CASES: dict[str, st.SearchStrategy[Args]] = {
    "ansible.windows.win_regedit": REGISTRY,
    "ansible.windows.win_service": SERVICE,
    "ansible.windows.win_feature": FEATURE,
    "ansible.windows.win_firewall": PROFILES,
    "community.windows.win_firewall_rule": RULE,
    "ansible.windows.win_environment": ENVIRONMENT,
    "ansible.windows.win_path": PATH,
    "ansible.windows.win_file": FILE,
    "ansible.windows.win_user": USER,
    "ansible.windows.win_group": GROUP,
    "ansible.windows.win_group_membership": MEMBERS,
    "community.windows.win_scheduled_task": TASK,
    "ansible.windows.win_http_proxy": PROXY,
    "ansible.windows.win_inet_proxy": PROXY,
}
SETTINGS = hypothesis.settings(
    deadline=None,
    phases=[hypothesis.Phase.generate],
    derandomize=True,
    max_examples=4,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def check_then_run(guest: Guest, module: str, args: Args) -> None:
    """Run a module in check mode, then really, then again."""
    before = dump(guest.machine)
    predicted = guest.run(module, check=True, **args)
    assert difference(before, dump(guest.machine)) == {}
    real = guest.run(module, **args)
    assert (predicted.get("failed"), predicted["changed"]) == (real.get("failed"), real["changed"])
    if real.get("failed"):
        return
    if not real["changed"]:
        assert difference(before, dump(guest.machine)) == {}
    assert guest.ok(module, **args)["changed"] is False


@pytest.mark.parametrize("module", CASES, ids=lambda name: name.rpartition(".")[2])
def test_check_mode_predicts_the_real_run(module: str) -> None:
    @SETTINGS
    @hypothesis.given(calls=st.lists(CASES[module], min_size=1, max_size=3))
    def run(calls: list[Args]) -> None:
        guest = make_guest()
        for args in calls:
            check_then_run(guest, module, args)

    run()
