# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell what the catalogue knows. The documentation is in plugins/modules/catalogue_info.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils import build_views as views
from ..plugin_utils.build_choice import Choice, before, choose
from ..plugin_utils.build_diff import differences
from ..plugin_utils.catalogue import Catalogue, CatalogueError, open_catalogue
from ..plugin_utils.ec2 import AWS_OPTIONS, AwsSettings
from ..plugin_utils.records import STATUSES

display = Display()

ARGUMENTS: dict[str, t.Any] = {
    "query": {"type": "str", "choices": ["builds", "build", "diff", "channels"], "default": "builds"},
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    "image": {"type": "str"},
    "channel": {"type": "str"},
    "build": {"type": "str"},
    "ami": {"type": "str"},
    "other": {"type": "str"},
    "statuses": {"type": "list", "elements": "str", "choices": list(STATUSES)},
    "limit": {"type": "int", "default": 20},
    "before": {"type": "str"},
    "quiet": {"type": "bool", "default": False},
}
Options = dict[str, t.Any]
Answer = tuple[list[str], dict[str, t.Any]]


class ActionModule(ActionBase):
    """Asks the catalogue, prints the answer and returns it."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the answer; never changes anything."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        try:
            catalogue = open_catalogue(
                options["catalogue"], self._loader.get_basedir(), readonly=True, aws=AwsSettings(**options["aws"])
            )
            lines, answer = _QUERIES[options["query"]](catalogue, options)
        except CatalogueError as exc:
            raise AnsibleActionFail(str(exc)) from None  # ansible would say the cause a second time
        for line in [] if options["quiet"] else ["", *lines]:
            display.display(line)
        return {**result, "changed": False, **answer}


def _builds(catalogue: Catalogue, options: Options) -> Answer:
    if options["limit"] < 1:
        raise CatalogueError(f"limit is {options['limit']}, and must be at least 1")
    if options["image"] and options["image"] not in (known := catalogue.images()):
        raise CatalogueError(f"Image {options['image']} was never built. {catalogue.url} knows: {_names(known)}")
    found = catalogue.builds(options["image"], options["statuses"], options["limit"] + 1, options["before"])
    more = len(found) > options["limit"]
    page, moves = found[: options["limit"]], catalogue.channels(options["image"])
    return views.list_lines(page, moves, more), {"builds": [build.to_dict() for build in page], "more": more}


def _build(catalogue: Catalogue, options: Options) -> Answer:
    build = choose(catalogue, _choice(options))
    moves, events = catalogue.channels(build.image), catalogue.events(build.id)
    answer = {
        "build": build.to_dict(),
        "channels": sorted(move.channel for move in moves if move.build_id == build.id),
        "events": [event._asdict() for event in events],
    }
    return views.show_lines(build, moves, events), answer


def _diff(catalogue: Catalogue, options: Options) -> Answer:
    choice = _choice(options)
    newer = choose(catalogue, choice)
    older = choose(catalogue, Choice(build=options["other"])) if options["other"] else before(catalogue, newer, choice)
    if older is None:
        where = f"channel {choice.channel}" if choice.channel else f"image {newer.image}"
        raise CatalogueError(f"There is nothing to compare build {newer.id} with: it is the first one of {where}")
    found = differences(older, newer)
    answer = {
        "build": newer.to_dict(),
        "other": older.to_dict(),
        "differences": [difference._asdict() for difference in found],
    }
    return views.diff_lines(older, newer, found), answer


def _channels(catalogue: Catalogue, options: Options) -> Answer:
    if options["channel"] and not options["image"]:
        raise CatalogueError(f"Channel {options['channel']} of which image? Name it: image")
    if options["channel"]:
        moves = catalogue.channel_history(options["image"], options["channel"], options["limit"])
    else:
        moves = catalogue.channels(options["image"])
    return views.channel_lines(moves), {"channels": [move._asdict() for move in moves]}


def _choice(options: Options) -> Choice:
    return Choice(**{name: options[name] for name in Choice._fields})


def _names(names: t.Sequence[str]) -> str:
    return ", ".join(names) or "no image"


_QUERIES: dict[str, t.Callable[[Catalogue, Options], Answer]] = {
    "builds": _builds,
    "build": _build,
    "diff": _diff,
    "channels": _channels,
}
