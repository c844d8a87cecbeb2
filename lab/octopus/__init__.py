# SPDX-License-Identifier: GPL-3.0-or-later
"""An Octopus Server, as far as machines register with it."""
