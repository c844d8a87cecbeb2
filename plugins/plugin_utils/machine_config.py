# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The default proxy of the .NET Framework in the text of a machine.config; the rest of the text stays as it is."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET
from xml.sax.saxutils import quoteattr

_DEFAULT_PROXY = re.compile(r"[ \t]*<defaultProxy\b(?:[^>]*/>|.*?</defaultProxy\s*>)[ \t]*(?:\r?\n)?", re.DOTALL)
_NET = re.compile(r"<system\.net\b[^>]*?(/?)>")
_EMPTY_NET = re.compile(r"[ \t]*<system\.net>\s*</system\.net>[ \t]*(?:\r?\n)?")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class ConfigError(ValueError):
    """The text is not what a machine.config is."""


class NetProxy(t.NamedTuple):
    """A default proxy: its address, a script that finds one, and regular expressions of what needs none."""

    address: str
    script: str
    bypass: frozenset[str]


def pattern(host: str) -> str:
    """Return the regular expression by which .NET recognises a host in a URL; ``*`` stands for anything."""
    return "^[a-z]+://" + re.escape(host).replace(r"\*", ".*").replace(r"\-", "-") + r"(:\d+)?$"


def read(text: str) -> NetProxy | None:
    """Return the default proxy that a machine.config names, None when .NET asks Windows.

    :raises ConfigError: it is no XML.
    """
    found = _root(text).find("system.net/defaultProxy")
    proxy = None if found is None else found.find("proxy")
    if found is None or proxy is None:
        return None
    patterns = frozenset(item.get("address", "") for item in found.findall("bypasslist/add"))
    return NetProxy(proxy.get("proxyaddress", ""), proxy.get("scriptLocation", ""), patterns)


def write(text: str, wanted: NetProxy | None) -> str:
    """Return the text with this default proxy, or with none: then it is as it was before there was one.

    :raises ConfigError: it is no machine.config, or would not be one any more.
    """
    if read(text) == wanted:
        return text
    bare = _without(text)
    if wanted is not None:
        bare = _with(bare, wanted)
    if read(bare) != wanted:
        raise ConfigError("The text of machine.config could not be changed")
    return bare


def _root(text: str) -> ET.Element:
    try:
        root = ET.fromstring(text.lstrip("\ufeff").encode())  # noqa: S314 - the server's own configuration
    except ET.ParseError as exc:
        raise ConfigError(f"machine.config is not XML: {exc}") from exc
    if root.tag != "configuration":
        raise ConfigError(f"machine.config begins with {root.tag}, not with configuration")
    return root


def _without(text: str) -> str:
    """Remove the default proxy, and the section around it when nothing else is in it."""
    while found := _DEFAULT_PROXY.search(_blanked(text)):
        text = text[: found.start()] + text[found.end() :]
        if empty := _EMPTY_NET.search(_blanked(text)):
            text = text[: empty.start()] + text[empty.end() :]
    return text


def _with(text: str, wanted: NetProxy) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [f"    {line}" for line in _lines(wanted)]
    blanked = _blanked(text)
    section = _NET.search(blanked)
    if section and section[1]:
        raise ConfigError("machine.config has an empty <system.net/>: remove it")
    if section:
        at = section.end()
        if text.startswith(end, at):
            at += len(end)
            return text[:at] + "".join(line + end for line in lines) + text[at:]
        return text[:at] + "".join(line.strip() for line in lines) + text[at:]
    at = blanked.rfind("</configuration")
    block = end.join(["    <system.net>", *lines, "    </system.net>", ""])
    return text[:at] + block + text[at:]


def _lines(wanted: NetProxy) -> t.Iterator[str]:
    yield "    <defaultProxy>"
    script = f" scriptLocation={quoteattr(wanted.script)}" if wanted.script else ""
    address = f" proxyaddress={quoteattr(wanted.address)}" if wanted.address else ""
    yield f'        <proxy usesystemdefault="False"{address}{script} bypassonlocal="True" />'
    yield "        <bypasslist>"
    for item in sorted(wanted.bypass):
        yield f"            <add address={quoteattr(item)} />"
    yield "        </bypasslist>"
    yield "    </defaultProxy>"


def _blanked(text: str) -> str:
    """Return the text with blanks for comments, so that nothing is found in them."""
    return _COMMENT.sub(lambda found: " " * len(found[0]), text)
