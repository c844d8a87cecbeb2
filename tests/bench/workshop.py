# SPDX-License-Identifier: GPL-3.0-or-later
"""What measures look at: a lab, the builds in it, and what the lab counted. Each is made when first asked for."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import pathlib
import time
import typing as t

from tests.e2e.conftest import ROOT, Lab, running_lab

# Far beyond any goal: for a build that hangs.
PATIENCE = 1800.0


class BuildError(Exception):
    """A build failed, so there is nothing to measure."""


@dataclasses.dataclass(frozen=True)
class Image:
    """One image of the first run: its record, Packer's seconds, and what its builder was given to do."""

    record: dict[str, t.Any]
    packer_seconds: float
    instance: dict[str, t.Any]

    @property
    def modules(self) -> dict[str, int]:
        return t.cast("dict[str, int]", self.instance["modules"])

    @property
    def winrm(self) -> dict[str, int]:
        return t.cast("dict[str, int]", self.instance["winrm"])


class Workshop:
    """One lab, in which both images are built from nothing, and then again when there is nothing to do."""

    root = ROOT

    def __init__(self, lab: Lab, ready_seconds: float) -> None:
        self.lab = lab
        self.ready_seconds = ready_seconds
        self.ready_memory = self.status()["memory_mib"]

    def status(self) -> dict[str, t.Any]:
        """Return what the lab says of itself now."""
        return self.lab.get("/lab/status")

    @functools.cached_property
    def from_nothing(self) -> float:
        """Build both images; return the seconds."""
        return self._build("building both images from nothing")

    @functools.cached_property
    def nothing_to_do(self) -> float:
        """Build once more; return the seconds."""
        _ = self.images
        return self._build("building again, with nothing to do")

    @functools.cached_property
    def after(self) -> dict[str, t.Any]:
        """Return the lab's status after the first run."""
        _ = self.from_nothing
        return self.status()

    @functools.cached_property
    def images(self) -> dict[str, Image]:
        """Return the images of the first run, in the order in which they were built."""
        instances = {row["tags"].get("golden:build"): row for row in self.after["instances"]}
        records = reversed(self.lab.catalogue())
        return {record["image"]: Image(record, _packer_seconds(record), instances[record["id"]]) for record in records}

    def forget(self) -> None:
        """Remove the logs of the builds: they are kept with the project, not with the lab."""
        for record in self.lab.catalogue() if (self.lab.directory / "catalogue.sqlite").exists() else ():
            log = pathlib.Path(record["log"])
            log.unlink(missing_ok=True)
            log.with_suffix(".json").unlink(missing_ok=True)

    def _build(self, what: str) -> float:
        print(f"bench: {what}", flush=True)
        began = time.monotonic()
        finished = self.lab.build(timeout=PATIENCE)
        if finished.status != 0:
            raise BuildError(f"{finished.output}\nbench: the build failed, and there is nothing to measure")
        return time.monotonic() - began


@contextlib.contextmanager
def workshop(directory: pathlib.Path) -> t.Iterator[Workshop]:
    """Start a lab in a directory, and leave nothing behind."""
    began = time.monotonic()
    with running_lab(directory) as lab:
        place = Workshop(lab, time.monotonic() - began)
        try:
            yield place
        finally:
            place.forget()


def _packer_seconds(record: dict[str, t.Any]) -> float:
    outcome = json.loads(pathlib.Path(record["log"]).with_suffix(".json").read_text(encoding="utf-8"))
    return float(outcome["packer_seconds"])
