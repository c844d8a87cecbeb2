# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy and bypass options that win_http_proxy and win_inet_proxy share."""

from __future__ import annotations

import typing as t

from lab.windows.modules.context import ModuleError

_PROTOCOLS = ("http", "https", "ftp", "socks")


def server(value: t.Any) -> str:
    """Give the proxy as Windows keeps it: ``host:port``, or ``http=host:port;https=…`` for a dictionary.

    :raises ModuleError: a key that is no protocol.
    """
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    invalid = sorted(key for key in value if key not in _PROTOCOLS)
    if invalid:
        raise ModuleError(f"Invalid keys found in proxy: {', '.join(invalid)}. Valid keys are {', '.join(_PROTOCOLS)}.")
    return ";".join(f"{key}={value[key]}" for key in _PROTOCOLS if key in value)


def bypass(items: t.Sequence[str] | None, proxy: str) -> str:
    """Give the bypass list as Windows keeps it.

    :raises ModuleError: there is no proxy to bypass.
    """
    if items and not proxy:
        raise ModuleError("missing parameter(s) required by ''bypass'': proxy")
    return ";".join(items or ())
