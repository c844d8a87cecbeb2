# SPDX-License-Identifier: GPL-3.0-or-later
"""Everybody's answer in one form, and who differs."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.golden.windows_ami.plugins.filter.proxy import proxy_review
from ansible_collections.golden.windows_ami.plugins.plugin_utils.machine_config import write
from ansible_collections.golden.windows_ami.plugins.plugin_utils.proxy_settings import (
    Answer,
    binary,
    net,
    net_proxy,
    tentacle,
    variables,
)

from lab.windows.proxy import Proxy, encode

DIRECT = frozenset({"*.corp.example", "[fd00:ec2::254]", "10.0.0.5"})
ANSWER = Answer("p:3128", "", DIRECT)
WANTED = {"server": "p:3128", "direct": sorted(DIRECT)}
BYPASS = "*.corp.example;[fd00:ec2::254];10.0.0.5;<local>"
NO_PROXY = ".corp.example,[fd00:ec2::254],fd00:ec2::254,10.0.0.5"
CONFIG = "<configuration></configuration>"


def test_everybody_says_the_same_in_a_form_of_its_own() -> None:
    assert binary(list(encode(Proxy("P:3128", BYPASS), 3, 0x28))) == ANSWER
    assert binary(list(encode(Proxy("p:3128", BYPASS), 3, 0x46))) == ANSWER
    assert variables({"Http_Proxy": "http://p:3128/", "HTTPS_PROXY": "p:3128", "NO_PROXY": NO_PROXY}) == [ANSWER] * 2
    assert net(write(CONFIG, net_proxy(ANSWER))) == ANSWER


def test_a_script_is_an_answer_too() -> None:
    assert binary(list(encode(Proxy(auto_config_url="http://pac/"), 1, 0x46))) == Answer(script="http://pac/")
    assert net(write(CONFIG, net_proxy(Answer("", "http://pac/", DIRECT)))) == Answer("", "http://pac/", DIRECT)


def test_nothing_is_no_proxy() -> None:
    assert binary([]) == binary(list(encode(Proxy(auto_detect=True), 1, 0x46))) == net(CONFIG) == Answer()
    assert variables({}) == [Answer()] * 2
    assert net_proxy(Answer()) is None


def test_credentials_are_compared_and_not_said() -> None:
    (answer, _) = variables({"HTTP_PROXY": "http://u%40x:s%2Fcret@p:3128"})
    assert answer == Answer("p:3128", login=("u@x", "s/cret"))
    assert str(answer) == "p:3128 as u@x"


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ("", Answer()),
        ('<set key="Octopus.Proxy.UseDefaultProxy">True</set>', Answer()),
        ('<set key="Octopus.Proxy.ProxyUsername">u</set>', Answer(login=("u", ""))),
        ('<set key="Octopus.Proxy.ProxyHost">h</set><set key="Octopus.Proxy.ProxyPort">1</set>', Answer("h:1")),
        ('<set key="Octopus.Proxy.UseDefaultProxy">False</set>', Answer("none")),
        ('<set key="Octopus.Server.Proxy.ProxyHost">h</set>', Answer()),
    ],
)
def test_a_tentacle_differs_only_when_it_does_not_ask_windows(settings: str, answer: Answer) -> None:
    assert tentacle(settings) == answer


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(**changes: t.Any) -> dict[str, t.Any]:
    """Give what is read of a server on which everybody has the proxy."""
    environment = {"HTTP_PROXY": "http://p:3128", "HTTPS_PROXY": "http://p:3128", "NO_PROXY": NO_PROXY}
    connections = {
        "WinHttpSettings": list(encode(Proxy("p:3128", BYPASS), 0, 0x28)),
        "DefaultConnectionSettings": list(encode(Proxy("p:3128", BYPASS), 0, 0x46)),
    }
    configs = {"a.config": encoded(write(CONFIG, net_proxy(ANSWER)))}
    good = {"connections": connections, "environment": environment, "agent": environment, "configs": configs}
    return {**good, "tentacles": {"Tentacle": encoded("<octopus-settings/>")}, **changes}


def test_when_all_agree_there_is_nothing_to_say() -> None:
    review = proxy_review(found(), WANTED)
    assert review == {
        "wanted": "p:3128 except for *.corp.example, 10.0.0.5, [fd00:ec2::254]",
        "differing": [], "problems": [], "configs": {}, "tentacles": [],
    }  # fmt: skip


def test_everybody_who_differs_is_named() -> None:
    review = proxy_review(found(), {})
    assert review["wanted"] == "no proxy"
    assert review["differing"] == [
        "WinHTTP", "WinINet", "the machine's environment (http)", "the machine's environment (https)",
        "the SSM agent (http)", "the SSM agent (https)", ".NET (a.config)",
    ]  # fmt: skip
    assert len(review["problems"]) == len(review["differing"])
    assert review["configs"] == {"a.config": CONFIG}


def test_exceptions_without_a_proxy_are_a_trace() -> None:
    nothing = {"connections": {}, "configs": {}, "tentacles": {}, "agent": None}
    review = proxy_review(found(**nothing, environment={"NO_PROXY": "a.example"}), {})
    assert review["problems"][0] == "the machine's environment (http) has no proxy except for a.example."


def test_who_is_not_there_is_not_asked() -> None:
    assert proxy_review(found(agent=None, tentacles={}), WANTED)["differing"] == []


def test_a_setting_that_is_cut_off_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="cut off"):
        proxy_review(found(connections={"WinHttpSettings": [1, 2, 3]}), WANTED)
