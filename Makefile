# `make demo` shows the main job on the embedded database, `make test` passes the tests: both install what they need.
# ONCE=1 ends the demo after the answer.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: demo test check format docs bench faults fuzz clean

demo: $(VENV)/installed
	$(BIN)/muster demo $(if $(ONCE),--once)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The reference pages, from the tables.
docs: $(VENV)/installed
	$(BIN)/python -m tools.reference

# muster beside its limits and its peers, in 20 minutes and 15 GB of disk, written to docs/benchmarks.md. SIZE=quick
# takes the marks only, SIZE=smallest a minute; ARGS="--only one-customer" is for work on one mark.
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks $(if $(SIZE),--size $(SIZE)) $(ARGS)

# Kills, cuts and fills up the service under load, in 10 minutes; ends with a line on what was lost.
faults: $(VENV)/installed-dev
	$(BIN)/python -m pytest faults $(ARGS)

# Fuzzes decode, check and the service for SECONDS. The input of a crash in decode or check is kept in fuzzing/crashes,
# where a test runs it from then on.
SECONDS ?= 600

fuzz: $(VENV)/installed-dev
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	$(BIN)/python -m fuzzing --seconds $(SECONDS) $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzzing .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "muster needs Python 3.11 or newer: make PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/installed
