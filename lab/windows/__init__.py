# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of one Windows installation: small stores, joined in Machine."""
