# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not get into an image: judges what playbooks/tasks/seal_check.yml has read of a machine."""

from __future__ import annotations

import base64
import re
import typing as t

from .seal_secrets import decode, secrets_in

BUILD_CERTIFICATE = "Golden build WinRM"  # friendly name, as the user data gives it; the role sysprep takes it away
OWN_USERS = frozenset({"administrator", "guest", "defaultaccount", "wdagutilityaccount"})
# Windows makes this one for IIS' management service, and a new one when it is missing.
_OWN_CERTIFICATE = re.compile(r"CN=WMSvc-", re.IGNORECASE)
# EC2's own addresses. EC2Launch makes these routes at a first boot; the role sysprep takes those of the build away.
_EC2_ROUTE = re.compile(r"169\.254\.169\.\d+,")
# The index of instances, their configuration with the certificate in it, and what was deployed here.
_TENTACLE_FILE = re.compile(r"\\octopus\\(?:.*\\)?(?:[^\\]+\.config|deploymentjournal\.xml)$", re.IGNORECASE)
_KEY_FILE = re.compile(r"\.(?:pfx|p12|ppk)$", re.IGNORECASE)
# Sealing empties these directories.
_TEMPORARY = re.compile(r"\\(?:appdata\\local|windows)\\temp\\", re.IGNORECASE)
_ONLY_TENTACLES = re.compile(r"\.config$|\\deploymentjournal\.xml$", re.IGNORECASE)

_EVERY = "Every server started from this image would "
PROBLEMS = {
    "tentacle": _EVERY + "be the same Tentacle: register it when a server starts, not in the image.",
    "secrets": _EVERY + "carry these secrets: remove them, or name the files in golden_seal_files.",
    "private_keys": _EVERY + "share these private keys, and sysprep breaks their TLS bindings: make them when a server"
    " starts, or name their thumbprints in golden_seal_certificates.",
    "users": _EVERY + "have these accounts, with one password: remove them, or name them in golden_seal_users.",
    "routes": _EVERY + "have these routes, whatever its subnet: remove them, or name them in golden_seal_routes.",
}


class Allowed(t.NamedTuple):
    """What an image is meant to have all the same."""

    files: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()


class Verdict(t.NamedTuple):
    """``checks`` goes into the build's record: by name "ok", or a list of what was found. ``planned`` is what sealing
    takes away, ``problems`` says what to do about the rest."""

    checks: dict[str, str | list[str]]
    planned: list[str]
    problems: list[str]


def readable(paths: t.Iterable[str]) -> list[str]:
    """Return the files whose content has to be looked at; of the others the name says enough."""
    return [
        path
        for path in paths
        if not (_TEMPORARY.search(path) or _KEY_FILE.search(path) or _ONLY_TENTACLES.search(path))
    ]


def judge(found: t.Mapping[str, t.Any], allowed: Allowed) -> Verdict:
    """Judge what was found on a machine.

    :param found: ``files`` (paths), ``contents`` ({path: base64}), ``instances`` (sub-keys of Octopus\\Tentacle),
        ``services`` (names), ``certificates`` (as win_certificate_info gives them), ``users`` (names), ``routes``
        (names of the values of PersistentRoutes).
    """
    keep = [path.lower() for path in allowed.files]
    files = [path for path in found["files"] if path.lower() not in keep and not _TEMPORARY.search(path)]
    certificates = [one for one in found["certificates"] if one["has_private_key"]]
    mine = [one for one in certificates if one.get("friendly_name") == BUILD_CERTIFICATE]
    ec2 = [route for route in found["routes"] if _EC2_ROUTE.match(route)]
    results = {
        "tentacle": _tentacle(files, found),
        "secrets": _secrets(files, found["contents"]),
        "private_keys": [
            *(path for path in files if _KEY_FILE.search(path)),
            *(_named(one) for one in certificates if one not in mine and not _own(one, allowed)),
        ],
        "users": _others(found["users"], {*OWN_USERS, *(name.lower() for name in allowed.users)}),
        "routes": _others(found["routes"], {*(route.lower() for route in (*allowed.routes, *ec2))}),
    }
    planned = [*(f"the certificate {_named(one)}" for one in mine), *(f"the route {route}" for route in ec2)]
    problems = [f"{PROBLEMS[name]} Found {', '.join(what)}." for name, what in results.items() if what]
    return Verdict({name: what or "ok" for name, what in results.items()}, planned, problems)


def _tentacle(files: t.Iterable[str], found: t.Mapping[str, t.Any]) -> list[str]:
    return [
        *(path for path in files if _TENTACLE_FILE.search(path)),
        *(f"the registry key {name}" for name in found["instances"]),
        *(f"the service {name}" for name in found["services"]),
    ]


def _secrets(files: t.Iterable[str], contents: t.Mapping[str, str]) -> list[str]:
    by_path = {path.lower(): text for path, text in contents.items()}
    found = []
    for path in readable(files):
        kinds = secrets_in(decode(base64.b64decode(by_path[path.lower()])))
        if kinds:
            found.append(f"{path}: {', '.join(kinds)}")
    return found


def _own(certificate: t.Mapping[str, t.Any], allowed: Allowed) -> bool:
    thumbprints = [one.replace(" ", "").upper() for one in allowed.certificates]
    return bool(_OWN_CERTIFICATE.match(certificate["subject"])) or certificate["thumbprint"].upper() in thumbprints


def _named(certificate: t.Mapping[str, t.Any]) -> str:
    return f"{certificate['subject']} ({certificate['thumbprint']})"


def _others(found: t.Iterable[str], known: t.Collection[str]) -> list[str]:
    return [name for name in found if name.lower() not in known]
