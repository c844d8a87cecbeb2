# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks behind images: a Windows installation for each, stock ones made when first opened."""

from __future__ import annotations

import threading
import typing as t

from lab.ec2 import stock

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine


class Disks:
    """Installations by image id. What is opened or copied is a copy: nobody changes an image."""

    def __init__(self) -> None:
        self._disks: dict[str, Machine] = {}
        self._families: dict[str, stock.Family] = {}
        self._stock: dict[stock.Family, Machine] = {}
        self._lock = threading.Lock()

    def know_stock(self, region: str) -> None:
        """Learn the ids of a region's stock images."""
        self._families.update({image.image_id: image.family for image in stock.stock_images(region)})

    def open(self, image_id: str) -> Machine:
        """Return a new installation from an image. Raises KeyError when the image has no disk."""
        return self._find(image_id).snapshot()

    def keep(self, image_id: str, disk: Machine) -> None:
        """Store a disk; the caller gives it away."""
        with self._lock:
            self._disks[image_id] = disk

    def copy(self, source_id: str, image_id: str) -> None:
        self.keep(image_id, self._find(source_id))

    def forget(self, image_id: str) -> None:
        with self._lock:
            self._disks.pop(image_id, None)

    def _find(self, image_id: str) -> Machine:
        with self._lock:
            if image_id in self._disks:
                return self._disks[image_id]
            family = self._families[image_id]
            if family not in self._stock:
                from lab.windows.machine import stock_machine  # large: not before a guest needs it

                self._stock[family] = stock_machine(family.version, family.launch_agent, core=family.option == "Core")
            return self._stock[family]
