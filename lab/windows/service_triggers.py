# SPDX-License-Identifier: GPL-3.0-or-later
"""What starts and stops a service by itself: the TriggerInfo keys below its definition in the registry.

Each numbered key has Type, Action and GUID, and for its n-th item of data ``Data<n>`` and ``DataType<n>``. The numbers
are those of the Windows API's SERVICE_TRIGGER; the names are win_service_info's.
"""

from __future__ import annotations

import base64
import typing as t
import uuid

if t.TYPE_CHECKING:
    from lab.windows.registry import Registry
    from lab.windows.services import Service

_ACTIONS = {1: "start_service", 2: "stop_service"}
_TYPES = {
    1: "device_interface_arrival",
    2: "ip_address_availability",
    3: "domain_join",
    4: "firewall_port_event",
    5: "group_policy",
    6: "network_endpoint",
    20: "custom",
}
_SUB_TYPES = {
    "1f81d131-3fac-4537-9e0c-7e7b0c2f4b55": "named_pipe_event",
    "bc90d167-9470-4139-a9ba-be0bbbf5b74d": "rpc_interface_event",
    "1ce20aba-9851-4421-9430-1ddeb766e809": "domain_join",
    "ddaf516e-58c2-4866-9574-c3b615d42ea1": "domain_leave",
    "b7569e07-8421-4ee0-ad10-86915afdad09": "firewall_port_open",
    "a144ed38-8e12-4de4-9d96-e64740b1a524": "firewall_port_close",
    "659fcae6-5bdb-4da9-b1ff-ca2a178d46e0": "machine_policy_present",
    "54fb46c8-f089-464c-b1fd-59d1b62c3b50": "user_policy_present",
    "4f27f2de-14e2-430b-a549-7cd48cbc8245": "network_first_ip_arrival",
    "cc4ba62a-162e-4648-847a-b6bdf993e335": "network_last_ip_removal",
}
_DATA_TYPES = {1: "binary", 2: "string", 3: "level", 4: "keyword_any", 5: "keyword_all"}


def read(registry: Registry, service: Service) -> list[dict[str, t.Any]]:
    """Give a service's triggers as win_service_info shows them."""
    key = f"{service.key}\\TriggerInfo"
    numbers = registry.subkeys(key) if registry.key_exists(key) else []
    return [_trigger(registry, f"{key}\\{number}") for number in sorted(numbers, key=int)]


def write(registry: Registry, service: Service, kind: str, action: str, sub_type: str) -> None:
    """Add a trigger without data."""
    key = f"{service.key}\\TriggerInfo"
    number = len(registry.subkeys(key)) if registry.key_exists(key) else 0
    guid = next(guid for guid, name in _SUB_TYPES.items() if name == sub_type)
    registry.set(f"{key}\\{number}", "Type", _code(_TYPES, kind))
    registry.set(f"{key}\\{number}", "Action", _code(_ACTIONS, action))
    registry.set(f"{key}\\{number}", "GUID", uuid.UUID(guid).bytes_le)


def _code(names: dict[int, str], wanted: str) -> int:
    return next(number for number, name in names.items() if name == wanted)


def _trigger(registry: Registry, key: str) -> dict[str, t.Any]:
    guid = str(uuid.UUID(bytes_le=registry.data(key, "GUID", bytes(16))))
    items: list[dict[str, t.Any]] = []
    while (kind := registry.data(key, f"DataType{len(items)}")) is not None:
        items.append({"type": _DATA_TYPES[kind], "data": _data(kind, registry.data(key, f"Data{len(items)}", b""))})
    return {
        "action": _ACTIONS[registry.data(key, "Action", 1)],
        "type": _TYPES[registry.data(key, "Type", 20)],
        "sub_type": _SUB_TYPES.get(guid, "custom"),
        "sub_type_guid": guid,
        "data_items": items,
    }


def _data(kind: int, raw: bytes) -> t.Any:
    """Give an item as the module has it: texts, numbers of 64 bits, everything else in base64."""
    if _DATA_TYPES[kind] == "string":
        text = raw.decode("utf-16-le")
        return [part for part in text.split("\0") if part] if text.endswith("\0\0") else text[:-1]
    if _DATA_TYPES[kind].startswith("keyword"):
        return int.from_bytes(raw[:8], "little")
    return base64.b64encode(raw).decode()
