#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Resolves pyproject.toml into requirements.txt: exact versions with hashes, and no registry's address.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check pip-tools==7.6.2
"$tools/bin/pip-compile" --quiet --generate-hashes --all-extras --strip-extras --allow-unsafe --no-header \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.txt pyproject.toml
