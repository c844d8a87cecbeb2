# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell Remoting: runspace pools and pipelines, as `ansible_connection: psrp` and Enter-PSSession use them.

`pool` speaks the protocol (without IO, on psrpcore), `values` translates objects, `runspace` runs what a pipeline
says on the model of Windows. The way from the network to here is `lab.wsman.psrp_shell`.
"""
