# SPDX-License-Identifier: GPL-3.0-or-later
"""The default proxy comes into a machine.config and goes again, and nothing else in it changes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.machine_config import (
    ConfigError,
    NetProxy,
    pattern,
    read,
    write,
)
from hypothesis import given
from hypothesis import strategies as st

PROXY = NetProxy("http://p:3128", "", frozenset({pattern("10.0.0.5"), pattern("*.corp.example")}))
OTHER = NetProxy("http://other:80", "http://pac/?a&b", frozenset())
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\r\n<configuration>\r\n'
GROUP = '    <configSections>\r\n        <sectionGroup name="system.net"/>\r\n    </configSections>\r\n'
COMMENT = "    <!-- <system.net><defaultProxy><proxy/></defaultProxy></system.net> -->\r\n"
PLAIN = f"{HEAD}{GROUP}    <runtime/>\r\n</configuration>\r\n"
TEXTS = {
    "plain": PLAIN,
    "byte order mark": "\ufeff" + PLAIN,
    "unix": PLAIN.replace("\r\n", "\n"),
    "comment": f"{HEAD}{GROUP}{COMMENT}</configuration>",
    "section": f"{HEAD}{GROUP}    <system.net>\r\n        <settings/>\r\n    </system.net>\r\n</configuration>\r\n",
    "one line": "<configuration><system.net><settings/></system.net></configuration>",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_it_comes_changes_and_goes_without_a_trace(text: str) -> None:
    first = write(text, PROXY)
    assert read(first) == PROXY
    assert write(first, PROXY) == first
    second = write(first, OTHER)
    assert read(second) == OTHER
    assert write(second, None) == text
    root = ET.fromstring(first.lstrip("\ufeff").encode())
    assert len(root.findall("system.net")) == len(root.findall("system.net/defaultProxy")) == 1


def test_someone_elses_is_replaced() -> None:
    text = PLAIN.replace("<runtime/>", '<system.net><defaultProxy enabled="false"/></system.net>')
    assert read(write(text, PROXY)) == PROXY
    theirs = PLAIN.replace(
        "<runtime/>", '<system.net>\r\n<defaultProxy><proxy proxyaddress="x"/></defaultProxy></system.net>'
    )
    assert read(write(theirs, None)) is None


@pytest.mark.parametrize("text", ["", "<a", "<other/>", "<configuration><system.net/></configuration>"])
def test_what_is_no_machine_config_is_left_alone(text: str) -> None:
    with pytest.raises(ConfigError):
        write(text, PROXY)


@pytest.mark.parametrize(
    ("host", "url", "direct"),
    [
        ("10.0.0.5", "http://10.0.0.5:8080", True),
        ("10.0.0.5", "https://10.0.0.5", True),
        ("10.0.0.5", "http://10.0.0.50", False),
        ("10.0.0.5", "http://10x0.0.5", False),
        ("[fd00:ec2::254]", "http://[fd00:ec2::254]", True),
        ("*.corp.example", "https://a.b.corp.example:8443", True),
        ("*.corp.example", "https://corp.example", False),
        ("*.corp.example", "https://a.corp.example.evil.com", False),
    ],
)
def test_a_pattern_fits_its_host_only(host: str, url: str, direct: bool) -> None:
    assert bool(re.search(pattern(host), url)) is direct


@given(
    st.builds(NetProxy, st.text("abc:/.&<\"'", min_size=1), st.text("abc&<\"'"), st.frozensets(st.text("a.\\*&<\"'$")))
)
def test_any_text_survives(proxy: NetProxy) -> None:
    text = write(PLAIN, proxy)
    assert read(text) == proxy
    assert write(text, None) == PLAIN
