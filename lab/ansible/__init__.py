# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundary to Ansible: its PowerShell wrappers, answered without PowerShell."""
