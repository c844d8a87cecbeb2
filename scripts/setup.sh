#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sets up all that a build or a test needs. Quick when nothing is to do; an interrupted run is simply run again.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
packer_minimum=1.6.6

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: ERROR: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else return 1
  fi
}

# apt_install PACKAGE: false where there is no apt, no root or no such package.
apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  say "installing $1 from the distribution"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1 && return 0
  as_root apt-get update -qq >/dev/null 2>&1 || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

find_python() {
  for candidate in "${GOLDEN_PYTHON:-}" python3.11 python3 python3.12 python3.13; do
    [ -n "$candidate" ] || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
  done
  die "no Python 3.11 or later on PATH (tried python3.11, python3, python3.12, python3.13). Install one, or name it in GOLDEN_PYTHON."
}

# The stamp is written last: a virtual environment without the right one is incomplete or out of date.
install_packages() {
  stamp="$venv/.requirements.sha256"
  wanted=$(sha256sum requirements.txt)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
  if [ ! -f "$stamp" ]; then
    python=$(find_python)
    say "creating $venv with $($python --version)"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
      rm -rf "$venv"
      apt_install python3-venv || die "'$python -m venv' failed. Install the package that brings ensurepip (Debian: python3-venv)."
      "$python" -m venv "$venv"
    fi
  fi
  say "installing the locked packages (a minute or two)"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r requirements.txt
  printf '%s\n' "$wanted" >"$stamp"
}

# Role, plugin and playbook names (golden.windows_ami.…) resolve from a plain clone through this link.
link_collection() {
  link=.ansible/collections/ansible_collections/golden/windows_ami
  [ "$(readlink "$link" 2>/dev/null)" = ../../../.. ] && return 0
  mkdir -p "$(dirname "$link")"
  ln -sfn ../../../.. "$link"
}

packer_version() { packer version 2>/dev/null | sed -n 's/^Packer v\([0-9][0-9.]*\).*/\1/p'; }

at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

provide_packer() {
  version=$(packer_version)
  if [ -z "$version" ]; then
    apt_install packer || die "Packer is not on PATH and could not be installed from the distribution. Install Packer $packer_minimum or later: https://developer.hashicorp.com/packer/install"
    version=$(packer_version)
  fi
  at_least "${version:-0}" "$packer_minimum" ||
    die "Packer ${version:-(no version found)} at $(command -v packer) is too old: $packer_minimum or later is needed. Install a newer one: https://developer.hashicorp.com/packer/install"
  # From 1.7 on, plugins are installed by `packer init`; 1.6 has them built in.
  if at_least "$version" 1.7.0; then
    say "installing Packer's plugins"
    packer init packer/plugins
  fi
}

# The report is tested in a browser; a build does not need one.
provide_chromium() {
  for candidate in "${GOLDEN_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 && return 0
  done
  apt_install chromium || say "no Chromium: the tests of the report will fail. Install it, or name it in GOLDEN_CHROMIUM"
}

install_packages
link_collection
provide_packer
[ "${1:-}" != --tests ] || provide_chromium
say "ready: Python $("$venv/bin/python" -c 'import platform; print(platform.python_version())'), $("$venv/bin/ansible" --version | sed -n 1p), Packer $(packer_version)"
