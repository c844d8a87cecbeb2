# Golden Windows AMIs: `make` lists what there is to run.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Ansible's and Molecule's own files stay in the clone, not in the home directory.
export ANSIBLE_HOME := $(CURDIR)/.ansible

PYTHON_CODE := lab plugins tests scripts
# Extra arguments for ansible-playbook, for example: make build ARGS="-e image=iis_dotnet"
ARGS ?=

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what is needed: virtual environment, collection link, Packer
	@scripts/setup.sh

.PHONY: build
build: setup ## Start the lab and build the images (ARGS="-e image=iis_dotnet")
	@python -m lab up
	ansible-playbook playbooks/build.yml $(ARGS)

.PHONY: lab
lab: setup ## Start the lab: EC2 and Windows on loopback
	@python -m lab up

.PHONY: lab-down
lab-down: ## Stop the lab
	@python -m lab down

.PHONY: check
check: setup lint types ## The quick part: lint, types, unit tests
	pytest -q -n 2 tests/unit

.PHONY: lint
lint: setup
	ruff check $(PYTHON_CODE)
	ruff format --check $(PYTHON_CODE)
	yamllint --strict .
	ansible-lint --offline -q
	packer fmt -check packer
	packer fmt -check packer/plugins

.PHONY: types
types: setup
	mypy lab plugins/plugin_utils plugins/callback plugins/inventory plugins/lookup plugins/action plugins/filter

.PHONY: test
test: check ## Everything: the quick part, sanity, the lab's tests, the builds end to end
	@scripts/setup.sh --tests
	scripts/sanity.sh
	pytest -q -n 2 --dist loadscope tests/quality
	pytest -q -n 2 --dist loadscope tests/lab tests/live
	pytest -q -n 2 --dist loadgroup tests/e2e
	pytest -q -n 2 --dist loadscope tests/verbs
	pytest -q -n 2 tests/molecule

.PHONY: molecule
molecule: setup ## Test the roles with Molecule in the lab, on four versions of Windows
	MOLECULE_GLOB='molecule/*/molecule.yml' molecule test --all

.PHONY: bench
bench: setup ## Print the measures
	python -m tests.bench

.PHONY: docs
docs: setup ## Write the reference pages and the roles' tables of variables
	python scripts/role_readmes.py
	python -m scripts.reference

.PHONY: sanity
sanity: setup ## Run ansible-test sanity on what the archive would hold
	scripts/sanity.sh

.PHONY: incident
incident: setup ## Replay the incident that started this project, in a lab of its own
	@python scripts/incident.py

.PHONY: versions
versions: setup ## Check the plugins on every ansible-core that is supported
	scripts/versions.sh

.PHONY: lock
lock: setup ## Write requirements.txt anew from pyproject.toml
	scripts/lock.sh

.PHONY: clean
clean: ## Stop the lab and remove what was generated
	-@python -m lab down
	rm -rf .venv .ansible .golden .lab .mypy_cache .ruff_cache .cache packer_cache
