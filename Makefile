# The two commands a newcomer types are `make run` and `make test`; both install what is missing.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
NPM ?= $(shell command -v npm || echo $(CURDIR)/$(BIN)/npm)

.PHONY: run test install check clean

run: install
	@exec $(BIN)/stransfer serve

install: .venv/installed static/vendor/installed

test: install .venv/installed-test node_modules/installed-test check
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(PYTEST_ARGS)

check: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/python:
	@test -n "$(PYTHON)" || { echo "Stransfer needs Python 3.11, 3.12 or 3.13; install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	@touch $@

.venv/installed: .venv/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-test: .venv/installed requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

# Where the machine has no npm, one comes from the Python registry into .venv.
$(CURDIR)/$(BIN)/npm: requirements-node.lock | .venv/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
	@touch $@

static/vendor/installed: package.json package-lock.json static/vendor.mjs | $(NPM)
	PATH="$(dir $(NPM)):$$PATH" $(NPM) ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
	PATH="$(dir $(NPM)):$$PATH" $(NPM) run --silent vendor
	@touch $@

# What only the tests need of the npm registry, beside what the pages do.
node_modules/installed-test: static/vendor/installed
	PATH="$(dir $(NPM)):$$PATH" $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf .venv node_modules static/vendor *.egg-info .mypy_cache .ruff_cache .pytest_cache
