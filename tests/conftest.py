# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own import of collections, before any test imports one: it works once in a process, and only when first."""

from __future__ import annotations

import pathlib

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(pathlib.Path(__file__).parents[1] / ".ansible" / "collections")])
