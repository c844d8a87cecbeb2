# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One proxy for everybody on a Windows server: what each of them says now, and who says something else."""

from __future__ import annotations

import base64
import typing as t

from . import machine_config, proxy_settings
from .machine_config import ConfigError
from .proxy_settings import Answer

Found = t.Mapping[str, t.Any]
ENVIRONMENT = "the machine's environment"
WINHTTP = "WinHTTP"
WININET = "WinINet"
AGENT = "the SSM agent"


def wanted_answer(found: Found) -> Answer:
    """Return what the play asks for."""
    return Answer(
        str(found.get("server") or "").lower(),
        str(found.get("script") or ""),
        frozenset(item.lower() for item in found.get("direct") or ()),
        (str(found.get("username") or ""), str(found.get("password") or "")),
    )


def review(found: Found, wanted: Answer) -> dict[str, t.Any]:
    """Compare everybody's answer with the one that is wanted.

    :param found: what was read of the server; the documentation of the filter proxy_review names the keys.
    :return: ``wanted`` in words, ``differing`` (names), ``problems`` (a sentence for each), ``configs`` (the text of a
        machine.config by its path, where it has to change), ``tentacles`` (instances to configure).
    """
    said: dict[str, tuple[Answer, Answer]] = {}
    texts = {path: _text(content) for path, content in (found.get("configs") or {}).items()}
    windows = Answer(wanted.server, "", wanted.direct) if wanted.server else Answer()
    scripted = wanted._replace(login=("", ""))
    connections = found.get("connections") or {}
    said[WINHTTP] = (_binary(connections, "WinHttpSettings"), windows)
    said[WININET] = (_binary(connections, "DefaultConnectionSettings"), windows._replace(script=wanted.script))
    plain = wanted._replace(script="") if wanted.server else Answer()
    for who, key in ((ENVIRONMENT, "environment"), (AGENT, "agent")):
        if found.get(key) is not None:
            said |= {f"{who} ({way})": (answer, plain) for way, answer in _ways(found[key])}
    for path, text in texts.items():
        said[f".NET ({path})"] = (_net(text), scripted)
    tentacles = _tentacles(found.get("tentacles") or {}, wanted)
    said |= {f"the Tentacle {name}": pair for name, pair in tentacles.items()}
    problems = [f"{who} has {_told(*pair)}." for who, pair in said.items() if pair[0] != pair[1]]
    configs = {path: machine_config.write(text, proxy_settings.net_proxy(scripted)) for path, text in texts.items()}
    login_changed = bool(plain.login[0]) and any(
        said[who][0].login != plain.login for who in said if who.startswith(ENVIRONMENT)
    )
    return {
        "wanted": str(wanted),
        "differing": [who for who, (is_now, shall_be) in said.items() if is_now != shall_be],
        "problems": problems,
        "configs": {path: text for path, text in configs.items() if text != texts[path]},
        "tentacles": [name for name, (is_now, shall_be) in tentacles.items() if login_changed or is_now != shall_be],
    }


def _told(is_now: Answer, shall_be: Answer) -> str:
    """Say an answer that differs; passwords are never said, so two that differ in nothing else look the same."""
    return str(is_now) + (" with another password" if str(is_now) == str(shall_be) else "")


def _ways(values: Found) -> list[tuple[str, Answer]]:
    return list(zip(("http", "https"), proxy_settings.variables(dict(values)), strict=True))


def _binary(connections: Found, name: str) -> Answer:
    return proxy_settings.binary(connections.get(name) or ())


def _net(text: str) -> Answer:
    try:
        return proxy_settings.net(text)
    except ConfigError as exc:
        return Answer(f"a broken file ({exc})")


def _text(content: str) -> str:
    return base64.b64decode(content).decode("utf-8")


def _tentacles(configs: t.Mapping[str, str], wanted: Answer) -> dict[str, tuple[Answer, Answer]]:
    """A Tentacle asks Windows for its proxy, unless someone told it otherwise; only the user is its own.

    Its password is encrypted for the machine and cannot be compared. The machine's environment has the same one, and
    the role sets it after the Tentacles: as long as it has another, theirs is set too.
    """
    user = (wanted.login[0] if wanted.server else "", "")
    return {name: (proxy_settings.tentacle(_text(content)), Answer(login=user)) for name, content in configs.items()}
