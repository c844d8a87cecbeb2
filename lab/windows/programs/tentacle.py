# SPDX-License-Identifier: GPL-3.0-or-later
"""Tentacle.exe: instances, certificates, settings and the service.

It does not speak to an Octopus Server here: whoever registers a machine does so through the server's API (lab.octopus).
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from lab.types import Completed
from lab.windows import tentacle_store
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, done, failed
from lab.windows.tentacle_store import Instance, TentacleError

MAGIC = b"MZ lab program: Tentacle"
_PROXY_NAMES = ("instance", "proxyEnable", "proxyHost", "proxyPort", "proxyUsername", "proxyPassword")
_PROXY = dict.fromkeys(_PROXY_NAMES, True)
# Options by command: True takes a value.
_OPTIONS: dict[str, dict[str, bool]] = {
    "version": {"format": True},
    "list-instances": {"format": True},
    "create-instance": {"instance": True, "config": True, "home": True},
    "delete-instance": {"instance": True},
    "new-certificate": {"instance": True, "if-blank": False},
    "show-thumbprint": {"instance": True, "format": True},
    "show-configuration": {"instance": True},
    "configure": {
        "instance": True,
        "home": True,
        "app": True,
        "port": True,
        "noListen": True,
        "trust": True,
        "remove-trust": True,
        "reset-trust": False,
    },
    "server-comms": {"instance": True, "thumbprint": True, "style": True, "host": True, "port": True},
    "proxy": _PROXY,
    "polling-proxy": _PROXY,
    "service": {"instance": True, "install": False, "uninstall": False, "start": False, "stop": False},
}
_PROXIES = {"proxy": "Octopus.Proxy.", "polling-proxy": "Octopus.Server.Proxy."}
_NEED_A_SERVER = ("register-with", "deregister-from", "register-worker", "deregister-worker", "poll-server")


def main(call: Invocation) -> Completed:
    """One command."""
    if not call.arguments:
        return failed("Usage: Tentacle <command> [<options>]")
    command = call.arguments[0].lower()
    if command in _NEED_A_SERVER:
        raise UnsupportedError(f"Tentacle.exe {command}: in the lab only the API of the Octopus Server registers")
    if command not in _OPTIONS:
        raise UnsupportedError(f"Tentacle.exe {command}")
    if not call.elevated:
        return failed("Access to the path is denied: run Tentacle.exe as an administrator.")
    try:
        options = _parse(command, call.arguments[1:])
        return _COMMANDS[command](call, options)
    except TentacleError as exc:
        return failed(str(exc))


def _parse(command: str, words: list[str]) -> dict[str, list[str]]:
    """``--name value``, ``--name=value`` and ``--switch``; --console and --nologo go everywhere.

    Raises:
        TentacleError: an option that the command does not have.
    """
    allowed = {name.lower(): takes for name, takes in _OPTIONS[command].items()} | {"console": False, "nologo": False}
    found: dict[str, list[str]] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, sign, value = word.lstrip("-").partition("=")
        if not word.startswith("-") or name.lower() not in allowed:
            raise TentacleError(f"Unrecognized command line arguments: {word}")
        if allowed[name.lower()] and not sign:
            if not queue:
                raise TentacleError(f"Missing required value for option '--{name}'.")
            value = queue.pop(0)
        found.setdefault(name.lower(), []).append(value)
    return found


def _first(options: dict[str, list[str]], name: str, default: str = "") -> str:
    return options.get(name, [default])[0]


def _version(call: Invocation, options: dict[str, list[str]]) -> Completed:
    return done(call.machine.files.read(call.path)[len(MAGIC) :].decode().strip())


def _list(call: Invocation, options: dict[str, list[str]]) -> Completed:
    instances = tentacle_store.instances(call.machine)
    if _first(options, "format", "text").lower() == "json":
        found = [{"InstanceName": one.name, "ConfigurationFilePath": one.config} for one in instances]
        return done(json.dumps(found, indent=2))
    lines = [f"Instance '{one.name}' uses configuration '{one.config}'." for one in instances]
    return done("\n".join(lines) or "No instances installed")


def _create(call: Invocation, options: dict[str, list[str]]) -> Completed:
    name = _first(options, "instance", tentacle_store.DEFAULT)
    config = _first(options, "config") or "C:\\Octopus\\Tentacle.config"
    instance = tentacle_store.create(call.machine, name, config)
    if "home" in options:
        instance.set("Octopus.Home", options["home"][0])
    return done(f"Creating empty configuration file: {config}\nSaving instance: {name}")


def _delete(call: Invocation, options: dict[str, list[str]]) -> Completed:
    instance = _instance(call, options)
    tentacle_store.delete(call.machine, instance)
    return done(f"Deleted instance: {instance.name}")


def _instance(call: Invocation, options: dict[str, list[str]]) -> Instance:
    return tentacle_store.find(call.machine, _first(options, "instance"))


def _new_certificate(call: Invocation, options: dict[str, list[str]]) -> Completed:
    instance = _instance(call, options)
    known = instance.get("Tentacle.CertificateThumbprint")
    if known and "if-blank" in options:
        return done("A certificate already exists, no changes will be applied.")
    thumbprint = tentacle_store.new_certificate(call.machine, instance)
    return done(f"A new certificate has been generated and installed. Thumbprint:\n{thumbprint}")


def _show_thumbprint(call: Invocation, options: dict[str, list[str]]) -> Completed:
    thumbprint = _instance(call, options).get("Tentacle.CertificateThumbprint")
    if not thumbprint:
        raise TentacleError("A certificate has not been generated for this instance: run new-certificate first.")
    return done(thumbprint if "format" not in options else f'"{thumbprint}"')


def _show_configuration(call: Invocation, options: dict[str, list[str]]) -> Completed:
    """Write what is configured as JSON, but neither the certificate itself nor the proxies."""
    instance = _instance(call, options)
    if not instance.get("Tentacle.CertificateThumbprint"):
        return failed("Object reference not set to an instance of an object.", rc=100)
    number = int(instance.get("Tentacle.Services.PortNumber"))
    shown = {
        "Octopus": {"Home": instance.get("Octopus.Home")},
        "Tentacle": {
            "CertificateThumbprint": instance.get("Tentacle.CertificateThumbprint"),
            "Communication": {"TrustedOctopusServers": instance.trusted},
            "Deployment": {"ApplicationDirectory": instance.get("Tentacle.Deployment.ApplicationDirectory")},
            "Services": {"NoListen": instance.get("Tentacle.Services.NoListen") == "True", "PortNumber": number},
        },
    }
    return done(json.dumps(shown, indent=2))


def _server_comms(call: Invocation, options: dict[str, list[str]]) -> Completed:
    """Poll a trusted server. (The lab has no passive style here: it is what `configure --trust` gives.)"""
    instance = _instance(call, options)
    thumbprint = _first(options, "thumbprint")
    if not instance.trusted:
        raise TentacleError(
            "Before server communications can be modified, trust must be established with the configure command"
        )
    if thumbprint not in (one["Thumbprint"] for one in instance.trusted):
        raise TentacleError("No trusted server was found with the supplied thumbprint")
    if _first(options, "style").lower() != "tentacleactive":
        raise UnsupportedError(f"Tentacle.exe server-comms --style {_first(options, 'style')}")
    if not _first(options, "host"):
        raise TentacleError("Please provide either the server hostname or websocket address, e.g. --host=OCTOPUS")
    address = f"https://{_first(options, 'host')}:{_first(options, 'port', '10943')}/"
    instance.trust(tentacle_store.server(thumbprint, address))
    return done("Updated server communications configuration")


def _proxy(call: Invocation, options: dict[str, list[str]]) -> Completed:
    """Set how the Tentacle gets out: its downloads (proxy) or its connection to the server (polling-proxy)."""
    instance = _instance(call, options)
    prefix = _PROXIES[call.arguments[0].lower()]
    enabled = _first(options, "proxyenable").lower() == "true"
    host = re.sub(r"^\w+://|[:/].*$", "", _first(options, "proxyhost")) if enabled else ""
    instance.set(prefix + "ProxyHost", host)
    instance.set(prefix + "ProxyPort", _first(options, "proxyport", "80"))
    instance.set(prefix + "UseDefaultProxy", str(enabled and not host))
    instance.set(prefix + "ProxyUsername", _first(options, "proxyusername"))
    password = _first(options, "proxypassword").encode()
    # The real program encrypts it with a key of the machine.
    instance.set(prefix + "ProxyPassword", hashlib.sha256(password).hexdigest() if password else "")
    return done(f"Using custom proxy at: {host}" if host else "Proxy use is disabled")


def _configure(call: Invocation, options: dict[str, list[str]]) -> Completed:
    instance = _instance(call, options)
    names = {"home": "Octopus.Home", "app": "Tentacle.Deployment.ApplicationDirectory"}
    for option, setting in names.items():
        if option in options:
            instance.set(setting, options[option][0])
            call.machine.files.mkdir(options[option][0])
    if "port" in options:
        if not options["port"][0].isdigit():
            raise TentacleError(f"'{options['port'][0]}' is not a port number.")
        instance.set("Tentacle.Services.PortNumber", options["port"][0])
    if "nolisten" in options:
        instance.set("Tentacle.Services.NoListen", options["nolisten"][0].capitalize())
    if "reset-trust" in options:
        instance.trusted = []
    instance.trusted = [one for one in instance.trusted if one["Thumbprint"] not in options.get("remove-trust", [])]
    for thumbprint in options.get("trust", []):
        instance.trust(tentacle_store.server(thumbprint))
    return done("These changes require a restart of the Tentacle.")


def _service(call: Invocation, options: dict[str, list[str]]) -> Completed:
    instance = _instance(call, options)
    services, name = call.machine.services, instance.service_name
    lines: list[str] = []
    if "stop" in options or "uninstall" in options:
        services.stop(name)
        lines.append("Service stopped")
    if "uninstall" in options:
        services.delete(name)
        lines.append("Service uninstalled")
    if "install" in options:
        if services.find(name) is None:
            path = f'"{call.path}" run --instance="{instance.name}"'
            services.create(name, path, display_name=name, description="Octopus Deploy: Tentacle deployment agent")
        lines.append("Service installed")
    if "start" in options:
        if not instance.get("Tentacle.CertificateThumbprint"):
            raise TentacleError("The service cannot start: the instance has no certificate. Run new-certificate first.")
        services.start(name)
        lines.append("Service started")
    return done("\n".join(lines))


_COMMANDS: dict[str, t.Callable[[Invocation, dict[str, list[str]]], Completed]] = {
    "version": _version,
    "list-instances": _list,
    "create-instance": _create,
    "delete-instance": _delete,
    "new-certificate": _new_certificate,
    "show-thumbprint": _show_thumbprint,
    "show-configuration": _show_configuration,
    "configure": _configure,
    "server-comms": _server_comms,
    "proxy": _proxy,
    "polling-proxy": _proxy,
    "service": _service,
}
