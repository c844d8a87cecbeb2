#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs `ansible-test sanity` over what the collection's archive would hold. Arguments go to ansible-test.
#
#   scripts/sanity.sh                           every test
#   scripts/sanity.sh --test validate-modules   one of them
#   GOLDEN_VENV=DIR scripts/sanity.sh           with the ansible-core of another virtual environment than .venv
#
# ansible-test makes a virtual environment for most tests. They are kept in .cache/sanity, so only the first run asks pip's
# index (yours, as pip is configured) and later runs need no network. Nothing is written to your home directory.
set -eu
cd "$(dirname "$0")/.."

project=$PWD
venv=$(cd "${GOLDEN_VENV:-.venv}" && pwd)
home=$project/.cache/sanity
python=$venv/bin/python

die() { printf 'sanity: ERROR: %s\n' "$*" >&2; exit 1; }

# ansible-test would download get-pip.py. Python brings pip itself, and that does as well.
provide_pip() {
  source=$("$python" -c 'import ansible_test, pathlib; print(pathlib.Path(list(ansible_test.__path__)[0]))')
  version=$(sed -n "s/^ *pip='\([0-9.]*\)',\$/\1/p" "$source/_internal/python_requirements.py")
  [ -n "$version" ] || die "cannot see in $source/_internal/python_requirements.py which pip ansible-test wants."
  mkdir -p "$home/.ansible/test/cache"
  cat >"$home/.ansible/test/cache/get_pip_$(printf %s "$version" | tr . _).py" <<'GET_PIP'
import ensurepip

ensurepip.bootstrap()
GET_PIP
}

# ansible-test drops PIP_* variables, and with another home directory pip finds none of the user's settings.
copy_pip_settings() {
  mkdir -p "$home/.config/pip"
  (umask 077 && "$python" - >"$home/.config/pip/pip.conf" <<'SETTINGS'
import ast
import subprocess
import sys

listed = subprocess.run(
    [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"],
    capture_output=True, check=True, text=True,
).stdout
values = {}
for line in listed.splitlines():
    name, _, value = line.partition("=")
    section, _, key = name.strip().rpartition(".")
    values.setdefault("global" if section == ":env:" else section, {})[key] = ast.literal_eval(value)
for section, settings in values.items():
    if "config-file" in settings:
        del settings["config-file"]
    print(f"[{section}]")
    for key, value in settings.items():
        print(f"{key} = " + "\n    ".join(str(value).split("\n")))
SETTINGS
  )
  for file in .netrc; do
    [ ! -e "${HOME:-/nonexistent}/$file" ] || ln -sfn "$HOME/$file" "$home/$file"
  done
}

[ -x "$venv/bin/ansible-test" ] || die "there is no $venv/bin/ansible-test. Install it with: make setup"
provide_pip
copy_pip_settings

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
root=$("$python" scripts/collection_tree.py "$tree")
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

printf 'sanity: %s, Python %s\n' "$("$venv/bin/ansible" --version | sed -n 1p)" "$version"
cd "$root"
env -u PYTHONPATH -u ANSIBLE_CONFIG -u ANSIBLE_COLLECTIONS_PATH -u ANSIBLE_LIBRARY -u ANSIBLE_ROLES_PATH \
  HOME="$home" XDG_CONFIG_HOME="$home/.config" ANSIBLE_HOME="$home/.ansible" PATH="$venv/bin:$PATH" \
  "$venv/bin/ansible-test" sanity --color no --truncate 0 --python "$version" "$@"
