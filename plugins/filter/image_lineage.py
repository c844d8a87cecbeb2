# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter golden.windows_ami.image_lineage."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleFilterError


def image_lineage(images: c.Mapping[str, c.Mapping[str, t.Any]], name: str | None) -> list[c.Mapping[str, t.Any]]:
    """Return an image and what it is based on, the oldest first; see sidecar documentation."""
    if not isinstance(images, c.Mapping):
        raise AnsibleFilterError("image_lineage needs golden_images: a dictionary of images by name.")
    names: list[str] = []
    while name and name in images:
        if name in names:
            raise AnsibleFilterError(f"Images are their own parents: {' → '.join([*names, name])}")
        names.append(name)
        name = images[name].get("parent")
    return [images[known] for known in reversed(names)]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by its name."""
        return {"image_lineage": image_lineage}
