# The two commands a newcomer types are `make run` and `make test`; both install what is missing.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
NPM ?= $(shell command -v npm || echo $(CURDIR)/$(BIN)/npm)

.PHONY: run test soak deployment-check install check audit clean

run: install
	@exec $(BIN)/stransfer serve

install: .venv/installed static/vendor/installed

# The checks run beside the tests, which often wait, and are shown after them; a third process of
# tests makes two cores a little faster for the same reason.
test: install .venv/installed-test node_modules/installed-test
	@log=$$(mktemp); $(MAKE) --no-print-directory check >$$log 2>&1 & checking=$$!; \
	$(BIN)/pytest --numprocesses 3 --dist loadfile $(PYTEST_ARGS); tested=$$?; \
	wait $$checking; checked=$$?; cat $$log; rm -f $$log; \
	exit $$((tested ? tested : checked))

# The site paints RUNS runs while its processes are killed; takes about half an hour on two cores.
RUNS ?= 200
soak: install .venv/installed-test
	$(BIN)/python -m tests.soak --runs $(RUNS) $(SOAK_ARGS)

# What docs/deploy says, done in an empty folder without a container engine; takes some minutes.
deployment-check: install .venv/installed-test
	$(BIN)/python -m tests.deployment

check: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Asks the registries whether anything that is fixed by the lock files is known to be vulnerable.
audit: .venv/audit/installed | $(NPM)
	.venv/audit/bin/pip-audit --disable-pip --require-hashes -r requirements.lock -r requirements-test.lock
	PATH="$(dir $(NPM)):$$PATH" $(NPM) audit --package-lock-only

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

# In an environment of its own, so that what looks at the packages is none of them.
.venv/audit/installed: requirements-audit.lock | .venv/python
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
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
