# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at roles and features."""

from __future__ import annotations

import fnmatch
import typing as t

from lab.windows.feature_effects import SERVICES
from lab.windows.features import Feature
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, Params, Result

NAMES = ("ansible.windows.win_feature_info",)

# Roles whose configuration the Best Practices Analyzer knows; Server Manager has a query for the events of each.
_MODELS = {
    "AD-Certificate": "Microsoft/Windows/CertificateServices",
    "AD-Domain-Services": "Microsoft/Windows/DirectoryServices",
    "DHCP": "Microsoft/Windows/DHCPServer",
    "DNS": "Microsoft/Windows/DNSServer",
    "Hyper-V": "Microsoft/Windows/Hyper-V",
    "Web-Server": "Microsoft/Windows/WebServer",
}


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the features that a pattern fits."""
    pattern = params["name"].lower()
    found = [one for one in machine.features.all() if fnmatch.fnmatchcase(one.name.lower(), pattern)]
    return {"exists": bool(found), "features": [_describe(machine, feature) for feature in found]}


def _describe(machine: Machine, feature: Feature) -> dict[str, t.Any]:
    return {
        "name": feature.name,
        "display_name": feature.display_name,
        "description": feature.display_name,
        "installed": feature.installed,
        "install_state": feature.state,
        "feature_type": feature.feature_type,
        "path": "\\".join(_path(machine, feature)),
        "depth": feature.depth,
        "depends_on": list(feature.depends_on),
        "parent": feature.parent or None,
        "server_component_descriptor": "ServerComponent_" + feature.name.replace("-", "_"),
        "sub_features": [child.name for child in machine.features.children(feature.name)],
        "system_service": [service.name for service in SERVICES.get(feature.name, ())],
        "best_practices_model_id": _MODELS.get(feature.name),
        "event_query": f"{feature.name}.Events.xml" if feature.name in _MODELS else None,
        "post_configuration_needed": False,
        "additional_info": {
            "MajorVersion": 10,
            "MinorVersion": 0,
            "NumericId": feature.id,
            "InstallName": feature.name,
        },
    }


def _path(machine: Machine, feature: Feature) -> list[str]:
    above = _path(machine, machine.features.get(feature.parent)) if feature.parent else []
    return [*above, feature.display_name]
