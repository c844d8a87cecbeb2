# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 Auto Scaling for the lab: groups that start real guests, hold their capacity, and refresh their instances."""
