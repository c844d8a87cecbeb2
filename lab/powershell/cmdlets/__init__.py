# SPDX-License-Identifier: GPL-3.0-or-later
"""Cmdlets by area. Importing this package declares them all."""

from __future__ import annotations

from lab.powershell.cmdlets import (
    certificates,
    content,
    firewall,
    items,
    json_text,
    objects,
    output,
    paths,
    services,
    system,
    tasks,
    variables,
    web,
)

__all__ = [
    "certificates",
    "content",
    "firewall",
    "items",
    "json_text",
    "objects",
    "output",
    "paths",
    "services",
    "system",
    "tasks",
    "variables",
    "web",
]
