# SPDX-License-Identifier: GPL-3.0-or-later
"""machine.config decides for .NET programs, before WinINet does."""

from __future__ import annotations

import pytest

from lab.windows import dotnet_proxy, web
from lab.windows.errors import WindowsError
from lab.windows.machine import Machine, stock_machine
from lab.windows.proxy import Proxy, write_wininet

PROXY = """<system.net><defaultProxy><proxy usesystemdefault="False" proxyaddress="http://p:3128" bypassonlocal="True"/>
<bypasslist><add address="^[a-z]+://10\\.0\\.0\\.5(:\\d+)?$"/></bypasslist></defaultProxy></system.net>"""


def configure(machine: Machine, text: str) -> None:
    path = dotnet_proxy.path("Framework64")
    machine.files.write(
        path, machine.files.read(path).replace(b"</configuration>", text.encode() + b"</configuration>")
    )


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://example.com/", "http://p:3128"),
        ("https://10.0.0.5:8443/", None),
        ("http://10.0.0.50/", "http://p:3128"),
        ("http://intranet/", None),
    ],
)
def test_it_wins_over_wininet(url: str, proxy: str | None) -> None:
    machine = stock_machine("2022", "v2")
    write_wininet(machine, "Administrator", Proxy("other:80"))
    assert web.proxy_for(machine, url, {}, "Administrator") == "http://other:80"
    configure(machine, PROXY)
    assert web.proxy_for(machine, url, {}, "Administrator") == proxy


def test_a_section_that_is_there_twice_breaks_net() -> None:
    machine = stock_machine("2016", "v1")
    configure(machine, PROXY + PROXY)
    with pytest.raises(WindowsError, match="Configuration system failed to initialize"):
        dotnet_proxy.find(machine)
