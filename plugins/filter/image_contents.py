# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter golden.windows_ami.image_contents."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleFilterError

from ..plugin_utils.image_contents import image_contents as describe


def image_contents(
    script: c.Mapping[str, t.Any], features: c.Sequence[c.Mapping[str, t.Any]], ports: c.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Return what is in an image; see sidecar documentation."""
    try:
        return describe(script, features, ports)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"image_contents was not given what the modules return: {exc!r}") from exc


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by its name."""
        return {"image_contents": image_contents}
