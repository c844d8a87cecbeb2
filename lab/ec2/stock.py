# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows images that Amazon publishes, as the lab has them: names, ids and public parameters. No IO, no moto."""

from __future__ import annotations

import datetime
import hashlib
import typing as t

OWNER_ID = "801119661308"
OWNER_ALIAS = "amazon"
PARAMETER_PREFIX = "/aws/service/ami-windows-latest/"
ROOT_DEVICE = "/dev/sda1"
ROOT_GIB = 30

# Release dates, oldest first. Amazon publishes within days of Patch Tuesday and withdraws what is some months old.
RELEASES = (datetime.date(2026, 10, 14), datetime.date(2026, 11, 11))


class Family(t.NamedTuple):
    """One line of stock images: a Windows version, an installation option and the launch agent inside."""

    name: str
    version: str
    option: str
    launch_agent: str

    @property
    def description(self) -> str:
        suffix = " with EC2LaunchV2" if self.name.startswith("EC2LaunchV2-") else ""
        return f"Microsoft Windows Server {self.version} {self.option} Locale English AMI provided by Amazon{suffix}"


class StockImage(t.NamedTuple):
    """One stock AMI in one region."""

    image_id: str
    name: str
    family: Family
    released: datetime.date


def families() -> tuple[Family, ...]:
    """Return every family the lab knows. Server 2016 and 2019 carry EC2Launch v1 unless their name says otherwise."""
    found = []
    for version, agent in (("2016", "v1"), ("2019", "v1"), ("2022", "v2"), ("2025", "v2")):
        for option in ("Full", "Core"):
            name = f"Windows_Server-{version}-English-{option}-Base"
            found.append(Family(name, version, option, agent))
            if agent == "v1":
                found.append(Family(f"EC2LaunchV2-{name}", version, option, "v2"))
    return tuple(found)


def stock_images(region: str) -> tuple[StockImage, ...]:
    """Return the stock AMIs of a region, oldest release first. Ids are stable and differ between regions."""
    return tuple(
        StockImage(_image_id(region, name), name, family, released)
        for released in RELEASES
        for family in families()
        for name in (f"{family.name}-{released:%Y.%m.%d}",)
    )


def parameters(region: str) -> dict[str, str]:
    """Return the public parameters: family name below the prefix to the id of its newest image."""
    return {PARAMETER_PREFIX + image.family.name: image.image_id for image in stock_images(region)}


def _image_id(region: str, name: str) -> str:
    return "ami-0" + hashlib.sha256(f"{region}/{name}".encode()).hexdigest()[:16]
