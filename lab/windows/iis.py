# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS: its configuration is applicationHost.config, and nothing else."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

from lab.windows import paths
from lab.windows.errors import WindowsError

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

CONFIG = "C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config"
POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\Modules\\WebAdministration\\WebAdministration.psd1"
# As a new IIS has it, without the sections that nothing here looks at.
STOCK = """\
<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.applicationHost>
    <applicationPools>
      <add name="DefaultAppPool" />
      <applicationPoolDefaults managedRuntimeVersion="v4.0" />
    </applicationPools>
    <sites>
      <site name="Default Web Site" id="1">
        <application path="/">
          <virtualDirectory path="/" physicalPath="%SystemDrive%\\inetpub\\wwwroot" />
        </application>
        <bindings>
          <binding protocol="http" bindingInformation="*:80:" />
        </bindings>
      </site>
      <siteDefaults>
        <logFile logFormat="W3C" directory="%SystemDrive%\\inetpub\\logs\\LogFiles" />
        <traceFailedRequestsLogging directory="%SystemDrive%\\inetpub\\logs\\FailedReqLogFiles" />
      </siteDefaults>
      <applicationDefaults applicationPool="DefaultAppPool" />
      <virtualDirectoryDefaults allowSubDirConfig="true" />
    </sites>
  </system.applicationHost>
</configuration>
"""


class Site:
    """One site; setting a property changes its element."""

    def __init__(self, element: ElementTree.Element) -> None:
        self.element = element

    @property
    def name(self) -> str:
        """Give the name."""
        return self.element.get("name", "")

    @property
    def directory(self) -> ElementTree.Element:
        """Give the element of the root directory."""
        found = self.element.find("application[@path='/']/virtualDirectory[@path='/']")
        if found is None:
            raise WindowsError(13, message=f"The site {self.name} has no root directory")
        return found

    @property
    def application(self) -> ElementTree.Element:
        """Give the element of the root application."""
        return next(one for one in self.element.iter("application") if one.get("path") == "/")

    @property
    def bindings(self) -> list[str]:
        """Give the bindings as ``ip:port:hostname``."""
        return [one.get("bindingInformation", "") for one in self.element.iter("binding")]

    @bindings.setter
    def bindings(self, wanted: t.Sequence[str]) -> None:
        holder = self.element.find("bindings")
        if holder is None:
            holder = ElementTree.SubElement(self.element, "bindings")
        for old in list(holder):
            holder.remove(old)
        for text in wanted:
            ElementTree.SubElement(holder, "binding", protocol="http", bindingInformation=text)

    @property
    def started(self) -> bool:
        """Say whether it is started; without a binding it cannot be."""
        return self.element.get("serverAutoStart", "true") == "true" and bool(self.bindings)

    @started.setter
    def started(self, on: bool) -> None:
        if on and not self.bindings:
            raise WindowsError(87, message="The object identifier does not represent a valid object.")
        self.element.set("serverAutoStart", "true" if on else "false")


class Iis:
    """The sites of a machine: read when made, written with ``save``."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._root = ElementTree.fromstring(machine.files.read(CONFIG))  # noqa: S314 - the lab's own guest
        found = self._root.find("system.applicationHost/sites")
        if found is None:
            raise WindowsError(13, message=f"{CONFIG} has no sites")
        self._sites = found

    def save(self) -> None:
        """Write the configuration."""
        self._machine.files.write(CONFIG, to_text(self._root))

    def sites(self) -> list[Site]:
        """Give the sites."""
        return [Site(element) for element in self._sites.findall("site")]

    def find(self, name: str) -> Site | None:
        """Give a site by name, without case, or None."""
        return next((site for site in self.sites() if site.name.lower() == name.lower()), None)

    def add(self, name: str, directory: str, pool: str, number: str) -> Site:
        """Make a site without bindings."""
        taken = {int(site.element.get("id", "0")) for site in self.sites()}
        chosen = number or str(next(one for one in range(1, len(taken) + 2) if one not in taken))
        element = ElementTree.Element("site", name=name, id=chosen)
        attributes = {"path": "/", **({"applicationPool": pool} if pool else {})}
        application = ElementTree.SubElement(element, "application", attributes)
        ElementTree.SubElement(application, "virtualDirectory", path="/", physicalPath=paths.normalise(directory))
        self._sites.insert(len(self.sites()), element)
        return Site(element)

    def remove(self, site: Site) -> None:
        """Take a site away; its files stay."""
        self._sites.remove(site.element)


def to_text(root: ElementTree.Element) -> str:
    """Give a document as Windows saves it."""
    return '<?xml version="1.0" encoding="utf-8"?>\r\n' + ElementTree.tostring(root, encoding="unicode")
