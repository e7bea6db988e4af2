# Everything lives in .venv (and .tools); nothing is installed outside this folder.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
PACKAGES := constructs/terrace stacks scripts tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-all test e2e mutants conformance check fmt lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install what is locked in requirements/, and Terraform when it is missing
	@$(BIN)/python -m terrace.deployment.binary

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another with PYTHON=...") if sys.version_info < (3, 11) else None'
	@echo "Setting up .venv (once; again when requirements/dev.txt changes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# Bytecode of the bindings takes minutes for all of them; what the stacks import of them takes seconds.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 -x cdktn_provider_ .venv/lib
	@for cloud in aws azure gcp; do env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c "from terrace import engine; engine.cloud('$$cloud')"; done
	@touch $@

demo: setup ## bring dev up on an emulated AWS, prove it, take it down
	@$(BIN)/terrace demo

demo-all: setup ## the same on an emulated AWS, Azure and Google Cloud, one after the other
	@$(BIN)/terrace demo --cloud all

# The life of dev mostly waits: one worker more than there are cores.
test: setup ## the tests, the life of dev on the emulator among them
	@$(BIN)/python -m pytest -n $$($(BIN)/python -c 'import os; print(os.cpu_count() + 1)') --dist worksteal -m 'not e2e'

e2e: setup ## the long runs: prod's shape, and cdktf deploy with either command line
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m e2e

mutants: setup ## faults put into the stacks; each has to break what it says
	@$(BIN)/python -m tests.assurance.mutants.run

conformance: setup ## each stack before its cloud's real provider, without an account
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/conformance

check: setup ## lint, format, types, imports, generated files
	@$(BIN)/ruff check $(PACKAGES)
	@$(BIN)/ruff format --check $(PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/terrace env schema --check

fmt: setup ## format and mend what can be mended
	@$(BIN)/ruff format $(PACKAGES)
	@$(BIN)/ruff check --fix $(PACKAGES)

lock: ## resolve requirements/ again
	@$(LOCK) pyproject.toml -o requirements/base.txt
	@$(LOCK) --override requirements/overrides.txt --all-extras pyproject.toml -o requirements/dev.txt

clean: ## remove what set-up and runs have made; never state or plans (.terrace)
	@rm -rf .venv .tools cdktf.out node_modules build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
