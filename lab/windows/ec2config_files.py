# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2Config's files: two XML files say what it does."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

from lab.windows.iis import to_text

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

ROOT = "C:\\Program Files\\Amazon\\Ec2ConfigService"
PROGRAM = ROOT + "\\Ec2Config.exe"
SETTINGS = ROOT + "\\Settings\\Config.xml"
BUNDLE = ROOT + "\\Settings\\BundleConfig.xml"
LOG = ROOT + "\\Logs\\Ec2ConfigLog.txt"
PENDING = "ec2config"  # in Machine.extras: the next boot sets a password
STOCK_SETTINGS = """\
<?xml version="1.0" encoding="utf-8"?>
<Ec2ConfigurationSettings>
  <Plugins>
    <Plugin><Name>Ec2SetPassword</Name><State>Disabled</State></Plugin>
    <Plugin><Name>Ec2SetComputerName</Name><State>Disabled</State></Plugin>
    <Plugin><Name>Ec2HandleUserData</Name><State>Disabled</State></Plugin>
  </Plugins>
</Ec2ConfigurationSettings>
"""
STOCK_BUNDLE = """\
<?xml version="1.0" encoding="utf-8"?>
<BundleConfig>
  <Property><Name>AutoSysprep</Name><Value>No</Value></Property>
  <Property><Name>SetRDPCertificate</Name><Value>No</Value></Property>
  <Property><Name>SetPasswordAfterSysprep</Name><Value>Yes</Value></Property>
  <GeneralSettings>
    <Sysprep version="6.x">
      <Switches>/oobe /shutdown /generalize</Switches>
      <AnswerFilePath>sysprep2008.xml</AnswerFilePath>
    </Sysprep>
  </GeneralSettings>
</BundleConfig>
"""


def enabled(machine: Machine, plugin: str) -> bool:
    """Say whether Config.xml has a plugin enabled."""
    return read(machine, SETTINGS).findtext(f"Plugins/Plugin[Name='{plugin}']/State") == "Enabled"


def disable(machine: Machine, plugin: str) -> None:
    """Disable a plugin, as EC2Config does with those that run once."""
    root = read(machine, SETTINGS)
    for state in root.findall(f"Plugins/Plugin[Name='{plugin}']/State"):
        state.text = "Disabled"
    machine.files.write(SETTINGS, to_text(root))


def read(machine: Machine, path: str) -> ElementTree.Element:
    """Give the root of one of the files."""
    return ElementTree.fromstring(machine.files.read(path))  # noqa: S314 - the lab's own guest
