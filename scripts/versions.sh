#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks the collection with the ansible-core of .venv and with the newest release, where this machine can run that.
#
#   scripts/versions.sh             both
#   scripts/versions.sh --upgrade   look first for releases that are newer than the one in .cache/newest
#   GOLDEN_NEWER_PYTHON=PATH        the Python for the newest release, which needs 3.12 or later
#
# With each: is it in the range of meta/runtime.yml; ansible-test sanity; the tests of the plugins; and, in a lab, what
# `build.yml --check` and the inventory say.
set -eu
cd "$(dirname "$0")/.."

newest=$PWD/.cache/newest/venv

say() { printf 'versions: %s\n' "$*"; }
die() { say "ERROR: $*" >&2; exit 1; }

# A name on PATH may be a stand-in that does not run, so each is tried.
find_newer_python() {
  for candidate in "${GOLDEN_NEWER_PYTHON:-}" python3.14 python3.13 python3.12 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
    [ -n "$candidate" ] || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { echo "$candidate"; return; }
  done
  return 1
}

# All that the tests of the plugins need, as pinned, but with the newest Ansible.
install_newest() {
  stamp=$newest/.pyproject.sha256
  wanted=$(sha256sum pyproject.toml)
  [ "${1:-}" != --upgrade ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
  python=$(find_newer_python) || return 1
  say "installing the newest Ansible for $("$python" --version) (some minutes)"
  rm -rf "$newest"
  "$python" -m venv "$newest"
  "$newest/bin/python" - >"$newest/requirements.txt" <<'PINS'
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
groups = project["optional-dependencies"]
for pin in [*project["dependencies"], *groups["lab"], *groups["dev"]]:
    name = pin.partition("==")[0]
    if name == "ansible":
        print("ansible")
    elif name not in {"ansible-lint", "molecule"}:  # they bring an ansible-core of their own choice
        print(pin)
PINS
  "$newest/bin/python" -m pip install -qq --disable-pip-version-check --no-input -r "$newest/requirements.txt"
  printf '%s\n' "$wanted" >"$stamp"
}

in_range() {
  "$1/bin/python" - <<'RANGE'
import sys

import yaml
from ansible.release import __version__
from packaging.specifiers import SpecifierSet

with open("meta/runtime.yml", encoding="utf-8") as file:
    wanted = yaml.safe_load(file)["requires_ansible"]
if not SpecifierSet(wanted).contains(__version__, prereleases=True):
    sys.exit(f"versions: ERROR: ansible-core {__version__} is not in the range of meta/runtime.yml, {wanted}")
print(f"versions: ansible-core {__version__} is in the range of meta/runtime.yml, {wanted}")
RANGE
}

in_a_lab() (
  GOLDEN_LAB_DIR=$(mktemp -d)
  export GOLDEN_LAB_DIR ANSIBLE_CONFIG="$PWD/ansible.cfg" PATH="$1/bin:$PATH"
  trap 'python -m lab down >/dev/null; rm -rf "$GOLDEN_LAB_DIR"' EXIT
  python -m lab up
  ansible-playbook playbooks/build.yml --check
  ansible-inventory --graph >/dev/null
)

check() {
  say "$("$1/bin/ansible" --version | sed -n 1p), $("$1/bin/python" --version)"
  in_range "$1"
  GOLDEN_VENV=$1 scripts/sanity.sh
  "$1/bin/python" -m pytest -q tests/unit/callback tests/unit/fleet tests/unit/lookup tests/unit/plugins_ec2 tests/unit/plan
  in_a_lab "$1"
}

case "${1:-}" in '' | --upgrade) ;; *) die "what is $1? There is only --upgrade." ;; esac
[ -x .venv/bin/ansible ] || die "there is no .venv. Make it with: make setup"
check "$PWD/.venv"
if install_newest "$@"; then
  check "$newest"
  say "checked with both"
else
  say "NOT CHECKED with the newest ansible-core: it needs Python 3.12 or later, and this machine has none"
  say "(tried GOLDEN_NEWER_PYTHON, python3.14, python3.13, python3.12, python3 and pyenv's). Install one, for example"
  say "Debian 13's python3, and run this again."
fi
