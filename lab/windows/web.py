# SPDX-License-Identifier: GPL-3.0-or-later
"""Web requests of Ansible's modules: .NET's WebRequest with its proxy rules and its error texts."""

from __future__ import annotations

import base64
import typing as t
import urllib.parse

from lab.windows import dotnet_proxy, proxy
from lab.windows.errors import NetworkError, UnsupportedError
from lab.windows.machine import Machine
from lab.windows.runtime import HttpResponse

_UNSUPPORTED = ("client_cert", "client_cert_password", "use_default_credential", "proxy_use_default_credential")


class WebError(Exception):
    """A request that failed; ``status`` is None when no server answered."""

    def __init__(self, message: str, status: int | None = None, reason: str = "") -> None:
        super().__init__(f'Exception calling "GetResponse" with "0" argument(s): "{message}"')
        self.status = status
        self.reason = reason


def request(
    machine: Machine, url: str, params: t.Mapping[str, t.Any], user: str, method: str | None = None
) -> HttpResponse:
    """Ask for a URL with the web options of a module.

    :raises WebError: no answer, or one that is not 2xx.
    :raises UnsupportedError: an option that the lab does not understand.
    """
    scheme = urllib.parse.urlsplit(url).scheme.lower()
    if scheme == "file":
        return _file(machine, url)
    if scheme not in ("http", "https"):
        raise UnsupportedError(f"a web request to {url}")
    for option in _UNSUPPORTED:
        if params.get(option):
            raise UnsupportedError(f"the web request option {option}")
    try:
        answer = machine.network.request(
            url,
            proxy=proxy_for(machine, url, params, user),
            method=method or params.get("url_method") or "GET",
            headers=_headers(params),
            timeout=float(params.get("url_timeout") or 30),
        )
    except NetworkError as exc:
        raise WebError(str(exc)) from exc
    if not 200 <= answer.status < 300:
        text = f"The remote server returned an error: ({answer.status}) {answer.reason}."
        raise WebError(text, answer.status, answer.reason)
    return answer


def proxy_for(machine: Machine, url: str, params: t.Mapping[str, t.Any], user: str) -> str | None:
    """Give the proxy of a request: none, the one that is named, machine.config's, or the user's WinINet setting."""
    if not params.get("use_proxy", True):
        return None
    if params.get("proxy_username") or params.get("proxy_password"):
        raise UnsupportedError("the web request option proxy_username")
    explicit = params.get("proxy_url")
    if explicit:
        return str(explicit) if "://" in str(explicit) else f"http://{explicit}"
    configured = dotnet_proxy.find(machine)
    if configured is not None:
        return dotnet_proxy.for_url(configured, url)
    return proxy.read_wininet(machine, user).for_url(url)


def _headers(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    headers = {"User-Agent": str(params.get("http_agent") or "ansible-httpget")}
    headers |= {str(name): str(value) for name, value in (params.get("headers") or {}).items()}
    if params.get("url_username"):
        pair = f"{params['url_username']}:{params.get('url_password') or ''}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


def _file(machine: Machine, url: str) -> HttpResponse:
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path).lstrip("/")
    if not machine.files.is_file(path):
        raise WebError(f"Could not find file '{path}'.")
    return HttpResponse(200, {}, machine.files.read(path), "OK", url)
