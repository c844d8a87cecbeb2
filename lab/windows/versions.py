# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows Server releases that the lab knows."""

from __future__ import annotations

import typing as t


class WindowsVersion(t.NamedTuple):
    """What tells one release from another."""

    key: str  # "2022"
    caption: str
    build: int
    ubr: int  # the update revision of the stock AMI
    display_version: str  # "21H2"
    edition: str
    dotnet_release: int  # HKLM …\NDP\v4\Full Release
    dotnet_version: str
    dotnet_feature: str  # how Server Manager calls the .NET 4 features
    powershell: str

    @property
    def full(self) -> str:
        """Give the version as ``10.0.20348.0``."""
        return f"10.0.{self.build}.0"


VERSIONS: dict[str, WindowsVersion] = {
    one.key: one
    for one in (
        WindowsVersion(
            "2016",
            "Microsoft Windows Server 2016 Datacenter",
            14393,
            8594,
            "1607",
            "ServerDatacenter",
            394802,
            "4.6.01586",
            "4.6",
            "5.1.14393.8594",
        ),
        WindowsVersion(
            "2019",
            "Microsoft Windows Server 2019 Datacenter",
            17763,
            8027,
            "1809",
            "ServerDatacenter",
            461814,
            "4.7.03190",
            "4.7",
            "5.1.17763.8027",
        ),
        WindowsVersion(
            "2022",
            "Microsoft Windows Server 2022 Datacenter",
            20348,
            4405,
            "21H2",
            "ServerDatacenter",
            528449,
            "4.8.04161",
            "4.8",
            "5.1.20348.4405",
        ),
        WindowsVersion(
            "2025",
            "Microsoft Windows Server 2025 Datacenter",
            26100,
            7171,
            "24H2",
            "ServerDatacenter",
            533509,
            "4.8.09221",
            "4.8.1",
            "5.1.26100.7171",
        ),
    )
}
