# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What decides the content of an image, as named digests, and one fingerprint over them.

An input is a name and a short text: a SHA-256 for files and variables, the plain value where that says more to a reader
(an AMI id, a version). No secret goes in: a digest of a weak secret can be guessed.
"""

from __future__ import annotations

import collections.abc as c
import hashlib
import json
import pathlib
import re
import typing as t

import yaml

# These belong to a role but never reach a machine.
_IGNORED_DIRECTORIES = frozenset({"__pycache__", "molecule", "tests"})
_IGNORED_FILES = re.compile(r"(README|CHANGELOG|LICENSE)(\..*)?|.*(~|\.swp|\.pyc|\.orig|\.rej)|\..*", re.IGNORECASE)
_INCLUDES = frozenset({"import_playbook", "import_tasks", "include_tasks"})
_ROLE_INCLUDES = frozenset({"import_role", "include_role"})


class FingerprintError(Exception):
    """Something that decides the content of an image cannot be read."""


class PlaybookFiles(t.NamedTuple):
    """The files that a playbook is made of, and the roles that it names itself."""

    files: tuple[pathlib.Path, ...]
    roles: tuple[str, ...]


def plain(value: t.Any) -> t.Any:
    """Return the value in JSON's own types; raise FingerprintError when it holds anything else.

    Ansible's values carry tags and come in its own subclasses of dict, list and str.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)  # drops Ansible's tags
    if isinstance(value, c.Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, c.Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()  # YAML turns 2026-11-22 into a date
    raise FingerprintError(f"A variable may hold text, numbers, lists and dictionaries, not a {type(value).__name__}")


def digest_value(value: t.Any) -> str:
    """Return the SHA-256 of a value; the order of a dictionary's keys does not matter."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_files(root: pathlib.Path, files: c.Iterable[pathlib.Path]) -> str:
    """Return one SHA-256 over the names (relative to ``root``) and the contents of files, whatever their order."""
    total = hashlib.sha256()
    named = sorted((path.relative_to(root).as_posix(), path) for path in set(files))
    for name, path in named:
        try:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as exc:
            raise FingerprintError(f"Cannot read {path}, which is part of the image: {exc.strerror}") from exc
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def tree_files(root: pathlib.Path) -> list[pathlib.Path]:
    """Return the files below ``root`` that can decide content: no documentation, tests, caches or editor files."""
    found: list[pathlib.Path] = []
    for path in sorted(root.iterdir()):
        if path.is_dir():
            if path.name not in _IGNORED_DIRECTORIES and not path.name.startswith("."):
                found += tree_files(path)
        elif not _IGNORED_FILES.fullmatch(path.name):
            found.append(path)
    return found


def digest_tree(root: pathlib.Path) -> str:
    """Return the digest of all files below a directory (a role, the Packer template) that can decide content."""
    if not root.is_dir():
        raise FingerprintError(f"{root} is part of the image but is not a directory")
    return digest_files(root, tree_files(root))


def read_playbook(path: pathlib.Path) -> PlaybookFiles:
    """Follow a playbook through its includes; raise FingerprintError when a file is missing or is not YAML.

    Only literal names can be followed. A name that is a template (``include_role: {name: "{{ item }}"}``) is known at
    run time only; the roles of an image are inputs of their own.
    """
    files: list[pathlib.Path] = []
    roles: list[str] = []
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in files:
            continue
        files.append(current)
        includes, named = _references(_load_yaml(current))
        waiting += [(current.parent / name).resolve() for name in includes]
        roles += [name for name in named if name not in roles]
    return PlaybookFiles(tuple(sorted(files)), tuple(roles))


def digest_playbook(playbook: PlaybookFiles, root: pathlib.Path) -> str:
    """Return the digest of all files of a playbook, named relative to ``root``."""
    return digest_files(root, playbook.files)


def public_value(value: t.Any, specification: c.Mapping[str, t.Any]) -> t.Any:
    """Return the value of a role variable without the parts that its argument specification calls ``no_log``."""
    options = specification.get("options")
    if not options:
        return value
    if isinstance(value, c.Mapping):
        return {
            key: public_value(item, options.get(key, {}))
            for key, item in value.items()
            if not options.get(key, {}).get("no_log")
        }
    if isinstance(value, c.Sequence) and not isinstance(value, str):
        return [public_value(item, specification) for item in value]
    return value


def fingerprint(inputs: c.Mapping[str, str]) -> str:
    """Return the SHA-256 (hex) over all inputs."""
    return digest_value(dict(inputs))


def changed_inputs(before: c.Mapping[str, str], after: c.Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of inputs that differ, appeared or went away, in order."""
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def _load_yaml(path: pathlib.Path) -> t.Any:
    try:
        # Ansible's own tags (!vault, !unsafe) are no concern here: only names of files and roles are read.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_TolerantLoader)  # noqa: S506
    except OSError as exc:
        raise FingerprintError(f"Cannot read {path}, which is part of the image: {exc.strerror}") from exc
    except yaml.YAMLError as exc:
        raise FingerprintError(f"{path} is not valid YAML: {exc}") from exc


def _references(node: t.Any) -> tuple[list[str], list[str]]:
    """Return the literal file names and role names that a parsed playbook or task file includes."""
    files: list[str] = []
    roles: list[str] = []
    if isinstance(node, list):
        for item in node:
            more_files, more_roles = _references(item)
            files += more_files
            roles += more_roles
    elif isinstance(node, dict):
        for key, value in node.items():
            action = str(key).rpartition(".")[2]
            if action in _INCLUDES:
                files += _literal(value, "file")
            elif action in _ROLE_INCLUDES:
                roles += _literal(value, "name")
            elif key == "roles" and isinstance(value, list):
                roles += [name for item in value for name in (_literal(item, "role") or _literal(item, "name"))]
            else:
                more_files, more_roles = _references(value)
                files += more_files
                roles += more_roles
    return files, roles


def _literal(value: t.Any, key: str) -> list[str]:
    name = value.get(key) if isinstance(value, dict) else value
    return [name] if isinstance(name, str) and "{{" not in name else []


# Safe: tags that are not YAML's own become nothing.
_TolerantLoader: t.Any = type("_TolerantLoader", (yaml.SafeLoader,), {})
_TolerantLoader.add_multi_constructor("!", lambda loader, suffix, node: None)
