# All targets install into .venv and .tools only.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
PACKAGES := constructs/terrace stacks scripts tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-all flow test e2e e2e-cluster e2e-team mutants conformance check fmt lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install the locked requirements, and Terraform if it is missing
	@# Where PYTHONDONTWRITEBYTECODE is set, each process would compile the package again.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 constructs/terrace stacks
	@$(BIN)/python -m terrace.deployment.binary

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is required, found " + sys.version.split()[0] + "; set PYTHON=...") if sys.version_info < (3, 11) else None'
	@echo "Setting up .venv (repeated when requirements/dev.txt changes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# Compiling all provider bindings takes minutes; compiling only those that the stacks import takes seconds.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 -x cdktn_provider_ .venv/lib
	@for cloud in aws azure gcp; do env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c "from terrace import engine; engine.platform('$$cloud')"; done
	@touch $@

demo: setup ## deploy dev to an emulated AWS, verify it, destroy it
	@$(BIN)/terrace demo

demo-all: setup ## run the demo on an emulated AWS, Azure and Google Cloud in turn
	@$(BIN)/terrace demo --cloud all

flow: setup ## run a data product through real engines on an emulated cloud
	@$(BIN)/terrace flow

# Some tests mostly wait, hence one worker more than there are cores.
test: setup ## run the tests, with each step of the demo in a small project
	@$(BIN)/python -m pytest -n $$($(BIN)/python -c 'import os; print(os.cpu_count() + 1)') --dist worksteal -m 'not e2e and not cluster'

e2e: setup ## run the long tests: demos of dev and prod, cdktf deploy
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m e2e

# -s shows what is built; the first run builds a control plane, which takes minutes.
e2e-cluster: setup ## install the workloads on a real Kubernetes API server
	@$(BIN)/python -m pytest -s -n 0 tests/cluster

e2e-team: setup ## run a team's month through the rendered workflows; needs act (TERRACE_ACT)
	@$(BIN)/python -m pytest -n 0 tests/pipelines tests/e2e/test_team.py

mutants: setup ## check that the mutants of the stacks are detected
	@$(BIN)/python -m tests.assurance.mutants.run

conformance: setup ## plan each stack with its cloud's real provider, without an account
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/conformance

check: setup ## check lint, format, types, layers and generated files
	@$(BIN)/ruff check $(PACKAGES)
	@$(BIN)/ruff format --check $(PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/terrace env schema --check
	@$(BIN)/terrace modules schema --check

fmt: setup ## format, and fix lint findings where possible
	@$(BIN)/ruff format $(PACKAGES)
	@$(BIN)/ruff check --fix $(PACKAGES)

lock: ## resolve the locked requirements again
	@$(LOCK) pyproject.toml -o requirements/base.txt
	@$(LOCK) --override requirements/overrides.txt --all-extras pyproject.toml -o requirements/dev.txt
	@$(LOCK) requirements/flow.in -o requirements/flow.txt

clean: ## remove installed and generated files, except state and plans (.terrace)
	@rm -rf .venv .tools cdktf.out node_modules build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
