# SPDX-License-Identifier: GPL-3.0-or-later
"""Cmdlets by area. Importing this package declares them all."""

from __future__ import annotations

import lab.powershell.cmdlets.aws
import lab.powershell.cmdlets.certificates
import lab.powershell.cmdlets.content
import lab.powershell.cmdlets.firewall
import lab.powershell.cmdlets.items
import lab.powershell.cmdlets.json_text
import lab.powershell.cmdlets.objects
import lab.powershell.cmdlets.output
import lab.powershell.cmdlets.paths
import lab.powershell.cmdlets.services
import lab.powershell.cmdlets.system
import lab.powershell.cmdlets.tasks
import lab.powershell.cmdlets.variables
import lab.powershell.cmdlets.web  # noqa: F401 - each declares its cmdlets
