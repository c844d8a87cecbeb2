# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh.exe: WinHTTP's proxy, and firewall rules."""

from __future__ import annotations

from lab.types import Completed
from lab.windows.errors import UnsupportedError
from lab.windows.firewall import PROFILES, Rule
from lab.windows.programs.base import Invocation, done
from lab.windows.proxy import Proxy, read_winhttp, write_winhttp


def main(call: Invocation) -> Completed:
    """Understand the three contexts that build scripts use."""
    words = [word.lower() for word in call.arguments]
    if words[:2] in (["winhttp", "set"], ["winhttp", "show"], ["winhttp", "reset"]) and words[2:3] == ["proxy"]:
        return _winhttp(call, words[1], call.arguments[3:])
    if words[:2] == ["advfirewall", "firewall"] and words[3:4] == ["rule"]:
        return _rule(call, words[2], call.arguments[4:])
    if words[:2] == ["advfirewall", "set"] and words[3:] in (["state", "on"], ["state", "off"]):
        return _profiles(call, words[2], words[4] == "on")
    raise UnsupportedError(f"netsh.exe {' '.join(call.arguments)}")


def _pairs(words: list[str], *order: str) -> dict[str, str]:
    """``name=value`` words by name; words without a name take the names in order, as netsh does."""
    found: dict[str, str] = {}
    left = list(order)
    for word in words:
        name, sign, value = word.partition("=")
        if sign and (name.lower() in order or not left):
            found[name.lower()] = value
            if name.lower() in left:
                left.remove(name.lower())
        elif left:
            found[left.pop(0)] = word
        else:
            raise UnsupportedError(f"netsh.exe … {word}")
    return found


def _winhttp(call: Invocation, verb: str, words: list[str]) -> Completed:
    if verb == "set":
        pairs = _pairs(words, "proxy-server", "bypass-list")
        if not pairs.get("proxy-server"):
            return done("The syntax supplied for this command is not valid. Check help for the correct syntax.", 1)
        if "@" in pairs["proxy-server"] or "/" in pairs["proxy-server"].split("://")[-1]:
            return done("The parameter is incorrect.", 1)
        write_winhttp(call.machine, Proxy(pairs["proxy-server"], pairs.get("bypass-list", "")))
    elif verb == "reset":
        write_winhttp(call.machine, Proxy())
    proxy = read_winhttp(call.machine)
    if not proxy.server:
        return done("\nCurrent WinHTTP proxy settings:\n\n    Direct access (no proxy server).\n")
    shown = f"    Proxy Server(s) :  {proxy.server}\n    Bypass List     :  {proxy.bypass or '(none)'}\n"
    return done(f"\nCurrent WinHTTP proxy settings:\n\n{shown}")


def _rule(call: Invocation, verb: str, words: list[str]) -> Completed:
    pairs = _pairs(words)
    name = pairs.pop("name", "")
    firewall = call.machine.firewall
    found = firewall.named(name)
    if verb == "show":
        return done("Ok." if found else "No rules match the specified criteria.", 0 if found else 1)
    if verb == "delete":
        for rule in found:
            firewall.remove(rule)
        text = f"\nDeleted {len(found)} rule(s).\nOk.\n" if found else "\nNo rules match the specified criteria.\n"
        return done(text, 0 if found else 1)
    if verb != "add":
        raise UnsupportedError(f"netsh.exe advfirewall firewall {verb} rule")
    rule = Rule(name, name, direction={"in": "Inbound", "out": "Outbound"}[pairs.pop("dir")])
    rule.action = pairs.pop("action").capitalize()
    rule.protocol = pairs.pop("protocol", "any").upper().replace("ANY", "Any")
    rule.local_ports = pairs.pop("localport", "Any")
    rule.remote_addresses = pairs.pop("remoteip", "Any")
    rule.enabled = pairs.pop("enable", "yes").lower() == "yes"
    profile = pairs.pop("profile", "any").lower()
    rule.profiles = PROFILES if profile == "any" else tuple(p for p in PROFILES if p.lower() in profile.split(","))
    if pairs:
        raise UnsupportedError(f"netsh.exe advfirewall firewall add rule {', '.join(pairs)}")
    firewall.add(rule)
    return done("Ok.\n")


def _profiles(call: Invocation, which: str, on: bool) -> Completed:
    names = {"allprofiles": PROFILES} | {f"{name.lower()}profile": (name,) for name in PROFILES}
    if which not in names:
        raise UnsupportedError(f"netsh.exe advfirewall set {which}")
    for name in names[which]:
        call.machine.firewall.profile(name).enabled = on
    return done("Ok.\n")
