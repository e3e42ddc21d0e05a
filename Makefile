# `make install` installs muster into .venv, `make demo` runs the demo on an embedded database, `make test` runs the
# tests. Each target installs what it needs, and shows what pip does.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A tool of the tests. It lies in an environment of its own, because it needs an older typer than muster.
CLIENT_GENERATOR := build/openapi-python-client
INSTALL := install -c constraints.txt
PIP_FAILED = { echo "muster: pip could not install the packages, its message is above; without a network or behind a \
proxy, set HTTPS_PROXY, or PIP_INDEX_URL to a mirror of PyPI, and repeat" >&2; exit 1; }

.PHONY: install demo test spark check format docs screenshots bench bench-check faults fuzz package sbom clean

install: $(VENV)/installed

# ONCE=1 ends the demo after the two responses; otherwise it keeps serving.
demo: $(VENV)/installed
	$(BIN)/muster demo $(if $(ONCE),--once)

# All tests, in JOBS processes, with the coverage of src/muster and client; afterwards `.venv/bin/coverage report` lists it
# by file. Each process has a PostgreSQL server of its own.
# Many tests wait for processes that start and end, so 3 keep two cores busy. worksteal starts each process on one
# contiguous part, so that fixtures of a module are rarely built twice, and moves tests to a process that is done
# early. ARGS="tests/intake -x" runs some tests in one process, without coverage. Bytecode is kept whatever the
# environment says: without it, each of some 150 services compiles muster, and each test process rewrites all asserts.
JOBS ?= 3

test: $(VENV)/installed-dev $(CLIENT_GENERATOR)/installed
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(or $(ARGS),-n $(JOBS) --dist worksteal --cov --cov-report= --durations 15)

# Installs Spark, which takes 500 MB and a minute, and runs the tests that need it, on a local cluster. Spark needs Java 17.
spark: $(VENV)/installed-dev
	$(PIP) $(INSTALL) -e '.[spark]' -e client || $(PIP_FAILED)
	$(BIN)/python -m pytest tests/spark $(ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Writes docs/reference and the client's types of customers from the tables in the code.
docs: $(VENV)/installed
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.client_types

# Writes the pictures of docs/console from the demo's data. It needs Chromium.
screenshots: $(VENV)/installed-dev
	$(BIN)/python -m tests.browser.screenshots

# Measures muster against upper bounds and baselines, in some 40 minutes and 15 GB of disk, and writes docs/benchmarks.md and
# docs/benchmarks.svg. SIZE=quick measures the targets only, SIZE=smallest takes a minute; both write to build/.
# ARGS="--only one-customer" measures one target.
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks $(if $(SIZE),--size $(SIZE)) $(ARGS)

# Checks that the benchmark runs, counts and cleans up, with its smallest size.
bench-check: $(VENV)/installed-dev
	$(BIN)/python -m pytest benchmarks $(ARGS)

# Kills the service, cuts its connections and fills its disk under load, in 80 minutes: a third of that are 100 faults of
# nodes (ARGS="--node-faults 10"), and another third 2,000 loads (--loads). The last line counts the losses.
faults: $(VENV)/installed-dev
	$(BIN)/python -m pytest faults $(ARGS)

# Fuzzes decode, check and the service for SECONDS. The input of a crash in decode or check is kept in fuzzing/crashes,
# where a test runs it from then on.
SECONDS ?= 600

fuzz: $(VENV)/installed-dev
	-$(PIP) $(INSTALL) -e '.[fuzz]'
	$(BIN)/python -m fuzzing --seconds $(SECONDS) $(ARGS)

# Builds the sdist and, from it, the wheel; those of the client as well.
package: $(VENV)/installed-dev
	rm -f dist/muster-*.whl dist/muster-*.tar.gz dist/muster_client-*.whl dist/muster_client-*.tar.gz
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m build --outdir dist client

# Lists the packages that the wheel runs with, with every runtime extra, as CycloneDX JSON. They lie in an environment
# without tools; the tool that reads it lies in another.
sbom: package
	rm -rf build/runtime build/cyclonedx
	$(PYTHON) -m venv --without-pip build/runtime
	$(PYTHON) -m venv --without-pip build/cyclonedx
	$(PIP) --python build/runtime/bin/python $(INSTALL) "$$(ls dist/muster-*.whl)[client,oidc,parquet,traces]" \
		dist/muster_client-*.whl
	$(PIP) --python build/cyclonedx/bin/python $(INSTALL) cyclonedx-bom
	build/cyclonedx/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file dist/muster.cdx.json build/runtime/bin/python

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzzing .import_linter_cache

# Debian has no `python3 -m venv` without the package python3-venv: the module `ensurepip` is missing there. A venv that
# was not completed is removed; the next `make` would take it for a complete one.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "muster: there is no $(PYTHON); install Python 3.11 or newer \
(Debian, Ubuntu: apt install python3 python3-venv), or name another one: make install PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "muster: $(PYTHON) is older than \
Python 3.11; install a newer one, and name it: make install PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "muster: $(PYTHON) can't make virtual environments; \
install its venv package (Debian, Ubuntu: apt install python3-venv, or python3.13-venv for python3.13)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "muster: $(PYTHON) could not make $(VENV), its message is \
above; install its venv package (Debian, Ubuntu: apt install python3-venv), or mend what it says" >&2; exit 1; }

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) $(INSTALL) -e . || $(PIP_FAILED)
	@touch $@
	@echo "muster is installed: run $(BIN)/muster, or '. $(BIN)/activate' and then muster"

$(CLIENT_GENERATOR)/installed: | $(VENV)/bin/python
	rm -rf $(CLIENT_GENERATOR)
	$(PYTHON) -m venv --without-pip $(CLIENT_GENERATOR)
	$(PIP) --python $(CLIENT_GENERATOR)/bin/python install --quiet openapi-python-client==0.29.1
	touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt $(wildcard client/pyproject.toml)
	$(PIP) $(INSTALL) -e '.[dev]' -e client || $(PIP_FAILED)
	@touch $@ $(VENV)/installed
