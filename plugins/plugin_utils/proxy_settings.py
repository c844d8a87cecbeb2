# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proxy settings of a Windows server in one form, so that those who use them can be compared."""

from __future__ import annotations

import re
import struct
import typing as t
import urllib.parse

from . import machine_config
from .machine_config import NetProxy

_MANUAL, _SCRIPT = 2, 4
LOCAL = "<local>"


class Answer(t.NamedTuple):
    """Which proxy someone uses, if any.

    Its address as ``host:port``, a script that decides, the hosts to reach directly, and the user and password.
    """

    server: str = ""
    script: str = ""
    direct: frozenset[str] = frozenset()
    login: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        """Say it in words, without the password."""
        parts = [self.server] if self.server else []
        parts += [f"the script {self.script}"] if self.script else []
        told = (" and ".join(parts) or "no proxy") + (f" as {self.login[0]}" if self.login[0] else "")
        return told + (f" except for {', '.join(sorted(self.direct))}" if self.direct else "")


class SettingError(ValueError):
    """A setting is not in the form that Windows gives it."""


def binary(value: t.Sequence[int]) -> Answer:
    """Read the binary form of WinHTTP (WinHttpSettings) and of WinINet (DefaultConnectionSettings).

    :raises SettingError: it is cut off.
    """
    data = bytes(value)
    if not data:
        return Answer()
    texts: list[str] = []
    try:
        flags = struct.unpack_from("<III", data)[2]
        offset = 12
        while len(texts) < 3 and offset < len(data):
            (length,) = struct.unpack_from("<I", data, offset)
            texts.append(data[offset + 4 : offset + 4 + length].decode("latin-1"))
            offset += 4 + length
    except struct.error as exc:
        raise SettingError(f"A proxy setting of {len(data)} bytes is cut off") from exc
    server, bypass, script = [*texts, "", "", ""][:3]
    manual = bool(flags & _MANUAL)
    direct = frozenset(item for item in bypass.lower().split(";") if item and item != LOCAL)
    known = script if flags & _SCRIPT else ""
    return Answer(server.lower(), known, direct) if manual else Answer(script=known)


def variables(values: t.Mapping[str, str]) -> list[Answer]:
    """Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY: one answer for each of the first two."""
    folded = {name.lower(): value for name, value in values.items()}
    direct = frozenset(_host(item) for item in folded.get("no_proxy", "").split(",") if item.strip())
    return [_url(folded.get(name, ""), direct) for name in ("http_proxy", "https_proxy")]


def _host(item: str) -> str:
    """Return a host of NO_PROXY as Windows writes it."""
    bare = item.strip().lower()
    if bare.startswith("."):
        return f"*{bare}"
    return f"[{bare}]" if ":" in bare and not bare.startswith("[") else bare


def _url(text: str, direct: frozenset[str]) -> Answer:
    if not text:
        return Answer(direct=direct)
    parts = urllib.parse.urlsplit(text if "://" in text else f"http://{text}")
    login = (urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or ""))
    return Answer(parts.netloc.rpartition("@")[2].lower(), "", direct, login)


def net(text: str) -> Answer:
    """Read a machine.config.

    :raises ConfigError: it is none.
    """
    found = machine_config.read(text)
    if found is None:
        return Answer()
    server = re.sub(r"^\w+://|/$", "", found.address).lower()
    return Answer(server, found.script, frozenset(_unescaped(item) for item in found.bypass))


def net_proxy(answer: Answer) -> NetProxy | None:
    """Return an answer as machine.config has it, None for no proxy."""
    if not answer.server and not answer.script:
        return None
    address = f"http://{answer.server}" if answer.server else ""
    return NetProxy(address, answer.script, frozenset(machine_config.pattern(item) for item in answer.direct))


def _unescaped(regex: str) -> str:
    """Return the host that a pattern of ours is for; someone else's stays a pattern, and differs."""
    found = re.fullmatch(r"\^\[a-z\]\+://(.*)\(:\\d\+\)\?\$", regex)
    host = re.sub(r"\\(.)", r"\1", found[1].replace(".*", "*")) if found else regex
    return host if machine_config.pattern(host) == regex else regex


def tentacle(settings: str) -> Answer:
    """Read how a Tentacle's configuration file departs from Windows' own proxy: only then there is an answer."""
    found = dict(re.findall(r'<set key="Octopus\.Proxy\.(\w+)">([^<]*)<', settings))
    host = found.get("ProxyHost", "")
    if not host and found.get("UseDefaultProxy", "True").lower() == "true":
        return Answer(login=(found.get("ProxyUsername", ""), ""))
    return Answer(f"{host}:{found.get('ProxyPort', '80')}".lower() if host else "none")
