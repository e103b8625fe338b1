# Everything runs from .venv in this folder. Paths are relative and Python is called by module name,
# never by a console script, so a checkout works in a path with a space and after it was moved.

PYTHON ?= python3
RUN := .venv/bin/python -m
# Many tests wait for other processes more than they compute, so there are more workers than cores.
WORKERS := -n 4 --dist loadgroup
# Tests start many processes: where this is set, each of them would compile all of Postroom anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format types layers check conformance bench throughput tenancy durability reference proof lock clean

help: ## List all targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv from requirements.lock (the others do it too).
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "Postroom needs Python 3.11 or newer, and $(PYTHON) is not here: install it, or name another with 'make PYTHON=python3.12 ...'." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Postroom needs Python 3.11 or newer, and $(PYTHON) is older: name a newer one with 'make PYTHON=python3.12 ...'." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments with pip: install its venv package (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@"$(PYTHON)" scripts/set_up.py

demo: setup ## Watch a bot work in a local tenant, in both Azure clouds.
	@$(RUN) examples.demo

test: setup ## Run the tests, in parallel; those of the Control Room on both databases.
	@$(RUN) pytest -m "not proof" --ignore=tests/conformance $(WORKERS)
	@POSTROOM_TEST_DATABASE=postgresql $(RUN) pytest tests/controlroom -m "not proof" $(WORKERS)

lint: setup ## Check style and formatting with ruff.
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

format: setup ## Format the code and put right what ruff can.
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

types: setup ## Check types with mypy --strict.
	@$(RUN) mypy

layers: setup ## Check that no room imports what stands above it.
	@.venv/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

check: lint types layers ## Run lint, types and layers.

conformance: setup ## Save 647 real messages and compare them byte by byte.
	@$(RUN) pytest tests/conformance -s

bench: setup ## Measure against python-o365 and write docs/performance.md.
	@$(RUN) bench

throughput: setup ## Measure how many access tokens two servers of a Control Room give.
	@$(RUN) bench.tokens

tenancy: setup ## Measure how soon the local tenant serves, how fast it lists, and what it keeps in memory.
	@$(RUN) bench.tenant

durability: setup ## Measure what durable steps and runs cost, and write it into docs/performance.md.
	@$(RUN) bench.durable_runs

reference: setup ## Write docs/reference and docs/tenant-coverage.md from the program itself.
	@$(RUN) scripts.write_reference

proof: setup ## Run the slow proofs that the tests leave out; those of the Control Room on both databases.
	@$(RUN) pytest -m proof --timeout=1800 $(WORKERS)
	@POSTROOM_TEST_DATABASE=postgresql $(RUN) pytest tests/controlroom -m proof --timeout=1800 $(WORKERS)

lock: setup ## Put the newest packages that fit into requirements.lock.
	@$(RUN) pip install --quiet --disable-pip-version-check "uv>=0.9"
	@$(RUN) uv pip compile pyproject.toml --extra tenant --extra controlroom --group dev --universal --python-version 3.11 \
		--generate-hashes --upgrade --quiet --custom-compile-command "make lock" \
		--output-file requirements.lock

clean: ## Remove .venv and whatever else the targets made.
	rm -rf .venv .artefacts .bench .demo build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
