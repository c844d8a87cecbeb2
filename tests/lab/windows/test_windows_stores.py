# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.windows.certificates import Certificates
from lab.windows.errors import WindowsError
from lab.windows.firewall import Firewall, Rule
from lab.windows.proxy import Proxy, decode, encode
from lab.windows.registry import Registry
from lab.windows.tasks import Action, ScheduledTasks, Task
from lab.windows.users import Users, meets_policy

KEY = "HKLM:\\SOFTWARE\\Golden"


@pytest.mark.parametrize(
    "path",
    [
        "HKLM:\\Software\\Golden",
        "HKLM\\SOFTWARE\\GOLDEN",
        "HKEY_LOCAL_MACHINE\\software\\golden\\",
        "Registry::HKLM\\SOFTWARE\\Golden",
    ],
)
def test_a_key_has_many_names(path: str) -> None:
    registry = Registry()
    registry.set(KEY, "Name", "x")
    assert registry.data(path, "NAME") == "x"


def test_an_unknown_hive_is_refused() -> None:
    with pytest.raises(WindowsError, match="hive"):
        Registry().set("HKXX:\\a", "b", "c")


@pytest.mark.parametrize(
    ("data", "kind"), [("x", "DWord"), (-1, "DWord"), (1 << 32, "DWord"), (1, "String"), (1, "Text")]
)
def test_a_kind_holds_only_its_data(data: object, kind: str) -> None:
    with pytest.raises(WindowsError):
        Registry().set(KEY, "v", data, kind)  # type: ignore[arg-type]


def test_a_key_goes_with_all_below_it() -> None:
    registry = Registry()
    registry.set(KEY + "\\A\\B", "v", 1)
    with pytest.raises(WindowsError, match="Access is denied"):
        registry.delete_key(KEY, recursive=False)
    assert registry.delete_key(KEY)
    assert not registry.key_exists(KEY + "\\A\\B")
    assert not registry.delete_key(KEY)


def test_current_user_is_whose_view_it_is() -> None:
    registry = Registry()
    registry.as_user("S-1-5-21-1-500").set("HKCU:\\Software\\G", "v", "mine")
    assert registry.data("HKU:\\S-1-5-21-1-500\\Software\\G", "v") == "mine"
    assert registry.data("HKCU:\\Software\\G", "v") is None


def test_blocking_wins_and_the_profile_decides_for_the_rest() -> None:
    firewall = Firewall()
    assert not firewall.admits("10.0.0.1", 80)
    firewall.add(
        Rule(
            "a", "a", protocol="TCP", local_ports="80,8000-8010", remote_addresses="10.0.0.0/8,192.168.1.5-192.168.1.9"
        )
    )
    assert firewall.admits("10.0.0.1", 80)
    assert firewall.admits("192.168.1.7", 8005)
    assert not firewall.admits("10.0.0.1", 80, "udp")
    assert not firewall.admits("192.168.1.10", 80)
    firewall.add(Rule("b", "b", action="Block", protocol="TCP", local_ports="80", remote_addresses="10.0.0.1"))
    assert not firewall.admits("10.0.0.1", 80)
    firewall.profile("public").enabled = False
    assert firewall.admits("10.0.0.1", 81)


def test_a_rule_of_another_profile_does_not_count() -> None:
    firewall = Firewall()
    firewall.add(Rule("a", "a", protocol="TCP", local_ports="80", profiles=("Domain", "Private")))
    assert not firewall.admits("10.0.0.1", 80)


def test_the_local_subnet_is_the_machines() -> None:
    firewall = Firewall()
    firewall.add(Rule("a", "a", protocol="TCP", local_ports="5985", remote_addresses="LocalSubnet"))
    assert not firewall.admits("10.0.1.9", 5985)
    firewall.subnet = "10.0.0.0/20"
    assert firewall.admits("10.0.1.9", 5985)
    assert not firewall.admits("10.0.16.1", 5985)


@given(
    st.builds(
        Proxy,
        st.just("proxy.example:3128"),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
        st.sampled_from(["", "http://pac.example/x.pac"]),
        st.booleans(),
    )
)
def test_a_proxy_survives_its_binary_form(proxy: Proxy) -> None:
    assert decode(encode(proxy, 3, 0x46)) == proxy
    assert decode(encode(proxy, 0, 0x28))[:2] == proxy[:2]


@pytest.mark.parametrize(
    ("server", "url", "expected"),
    [
        ("p:1", "http://a.b/", "http://p:1"),
        ("http=p:1;https=q:2", "https://a.b/", "http://q:2"),
        ("http=p:1", "https://a.b/", None),
        ("p:1", "http://169.254.169.254/latest", None),
        ("p:1", "http://host/", None),
        ("p:1", "http://x.internal/", None),
        ("", "http://a.b/", None),
    ],
)
def test_a_proxy_is_chosen_by_url(server: str, url: str, expected: str | None) -> None:
    assert Proxy(server, "169.254.169.254;*.internal;<local>").for_url(url) == expected


def test_a_disabled_user_has_no_password() -> None:
    users = Users("S-1-5-21-1-2-3")
    user = users.add("Bob", "Aa1!aaaa-bbbb")
    assert users.authenticate(".\\bob", "Aa1!aaaa-bbbb")
    assert users.sid("bob") == "S-1-5-21-1-2-3-1001"
    assert users.find(users.sid_of(user)) is user
    user.enabled = False
    assert users.password_of("Bob") is None


@pytest.mark.parametrize(
    ("password", "good"),
    [("short1!", False), ("longbutplain", False), ("Long-enough-1", True), ("lower123!", True)],
)
def test_the_password_policy(password: str, good: bool) -> None:
    assert meets_policy(password) == good


def test_a_task_leaves_no_empty_folder() -> None:
    tasks = ScheduledTasks()
    tasks.put(Task("T", "\\Golden\\Sub", [Action("a.exe")], [{"type": "boot"}]))
    assert tasks.find("t", "golden\\sub") is tasks.find("\\Golden\\Sub\\T")
    assert [task.name for task in tasks.due("boot")] == ["T"]
    assert tasks.remove("T", "\\Golden\\Sub")
    assert not tasks.folder_exists("\\Golden\\Sub")


def test_a_certificate_is_real() -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    store = Certificates(lambda: now)
    made = store.create_self_signed(["a.example", "b.example"], days=10, bits=1024)
    assert made.subject == made.issuer == "CN=a.example"
    assert len(made.thumbprint) == 40
    assert made.x509.not_valid_after_utc == now + datetime.timedelta(days=10)
    assert store.find(made.thumbprint.lower(), "MY") is made
    assert store.remove(made.thumbprint)
    assert store.find(made.thumbprint) is None
