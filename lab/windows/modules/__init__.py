# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's Windows modules over the model, one file each: ``run(machine, params, context) -> result``."""
