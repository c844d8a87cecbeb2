# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in an image, in the shape that a build's record keeps and two builds are compared by. Calls nothing.

The shape is documented in plugins/filter/image_contents.yml. Lists are sorted and free of what changes with every start
of Windows, so that two builds of the same things are equal.
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

Values = c.Mapping[str, t.Any]

# Windows hands these out anew at every start (RPC): no two starts are alike.
_DYNAMIC_PORTS = 49152
_TENTACLE = "octopus deploy tentacle"


def image_contents(script: Values, features: c.Iterable[Values], ports: Values) -> dict[str, t.Any]:
    """Return what is in an image.

    ``script`` is the result of playbooks/files/contents.ps1, ``features`` those of win_feature_info, ``ports`` the
    facts of win_listen_ports_facts.
    """
    programs = _programs(_list(script.get("programs")))
    tentacle = next((one["version"] for one in programs if one["name"].lower().startswith(_TENTACLE)), None)
    return {
        "windows": _windows(script.get("windows") or {}, _list(script.get("updates"))),
        "dotnet": _dotnet(script.get("dotnet") or {}),
        "tentacle": tentacle,
        "features": sorted({str(one["name"]) for one in features if one.get("installed")}, key=str.lower),
        "programs": programs,
        "ports": _ports(ports),
    }


def _windows(values: Values, updates: c.Sequence[t.Any]) -> dict[str, t.Any]:
    build, revision = str(values.get("CurrentBuild") or ""), values.get("UBR")
    return {
        "name": values.get("ProductName"),
        "edition": values.get("EditionID"),
        "installation": values.get("InstallationType"),
        # Windows Server 2016 and 2019 have only the older of the two.
        "version": values.get("DisplayVersion") or values.get("ReleaseId"),
        "build": f"{build}.{revision}" if revision is not None else build,
        "ubr": revision,
        "updates": sorted({str(one) for one in updates if one}, key=_number),
    }


def _dotnet(values: Values) -> dict[str, t.Any]:
    """Return .NET Framework's release and version, nothing when there is none."""
    return {key.lower(): values[key] for key in ("Release", "Version") if values.get(key) is not None}


def _programs(entries: c.Iterable[Values]) -> list[dict[str, t.Any]]:
    """Return programs by name; one that is listed for 32 and for 64 bits counts once."""
    found = {
        (name, str(one.get("DisplayVersion") or ""), str(one.get("Publisher") or ""))
        for one in entries
        if (name := str(one.get("DisplayName") or "").strip())
    }
    ordered = sorted(found, key=lambda one: (one[0].lower(), one))
    return [{"name": name, "version": version, "publisher": publisher} for name, version, publisher in ordered]


def _ports(facts: Values) -> list[dict[str, t.Any]]:
    """Return ports that somebody else could reach, IPv4 and IPv6 as one."""
    found = {
        (str(one["protocol"]), int(one["port"]), str(one.get("name") or ""))
        for one in [*_list(facts.get("tcp_listen")), *_list(facts.get("udp_listen"))]
        if int(one["port"]) < _DYNAMIC_PORTS and not _is_loopback(str(one.get("address", "")))
    }
    return [{"name": f"{protocol} {port}", "process": process} for protocol, port, process in sorted(found)]


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def _number(update: str) -> tuple[int, str]:
    """Sort KB5012170 by its number: later updates have higher ones."""
    digits = re.sub(r"\D", "", update)
    return int(digits or 0), update


def _list(value: t.Any) -> list[t.Any]:
    """Return a list also where PowerShell made one thing of it, or nothing."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
