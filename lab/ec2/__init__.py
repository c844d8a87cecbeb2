# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab adds to moto's EC2: Windows images, guests behind the instances, and the refusals that EC2 makes."""
