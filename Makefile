# `make run` and `make test` do all set-up on Debian 12 with Python 3.11; both are quick the second time.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

# Debian keeps programs such as mosquitto where the PATH of a plain user does not look.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

MOSQUITTO := mosquitto mosquitto-clients
HAS_MOSQUITTO := command -v mosquitto >/dev/null && command -v mosquitto_sub >/dev/null
NODE := nodejs npm
HAS_NODE := command -v node >/dev/null && command -v npm >/dev/null
HAS_STRACE := command -v strace >/dev/null

.PHONY: help run test check bench docs format lock mosquitto node node-red strace clean

help:
	@echo "make run        run the quick start in the foreground"
	@echo "make test       run all tests"
	@echo "make check      formatting, lint, types, layers, tidiness"
	@echo "make bench      run the benchmarks and write their table into README.md"
	@echo "make docs       write docs/reference/ from the code, and what tutorials print"
	@echo "make format     format the code"
	@echo "make lock       renew requirements/*.txt from pyproject.toml"
	@echo "make mosquitto  install Debian's mosquitto without starting its service"
	@echo "make node       install Debian's node and npm"
	@echo "make node-red   install Node-RED beside the Python packages; make bench runs it as a peer"
	@echo "make strace     install Debian's strace, by which a test sees what is synced to the disk"

# Passed on to tools/make-venv by those targets that need more of Debian than Python.
test: along := $(MOSQUITTO) $(NODE) strace
bench: along := $(MOSQUITTO)

run: $(VENV)/run.stamp
	@$(BIN)/python examples/quickstart/run.py

# Where a peer may not be installed the tests that need it are counted at the end of the run, or fail if CI=true.
test: $(VENV)/dev.stamp
	@missing="$$($(HAS_MOSQUITTO) || echo $(MOSQUITTO)) $$($(HAS_NODE) || echo $(NODE)) $$($(HAS_STRACE) || echo strace)"; \
	test "$$missing" = "  " || tools/debian-install $$missing || echo "going on without $$missing" >&2
	@$(MAKE) --no-print-directory $(VENV)/node.stamp || echo "going on without MQTT.js" >&2
	$(BIN)/pytest

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests benchmarks examples fuzzing tools
	$(BIN)/pytest -q tests/test_tidy.py tests/test_layers.py tests/test_docs.py

bench: $(VENV)/dev.stamp mosquitto
	@$(MAKE) --no-print-directory node-red || echo "going on without Node-RED" >&2
	$(BIN)/python -m benchmarks --write-readme
	$(BIN)/python -m benchmarks.brokers --write-readme
	$(BIN)/python -m benchmarks.transformations --write-readme

docs: $(VENV)/dev.stamp
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.tutorials

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

mosquitto:
	@$(HAS_MOSQUITTO) || tools/debian-install $(MOSQUITTO)

node:
	@$(HAS_NODE) || tools/debian-install $(NODE)

node-red: node $(VENV)/node-red.stamp

strace:
	@$(HAS_STRACE) || tools/debian-install strace

# Versions and hashes only: where packages come from is the choice of the machine that installs them.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --exclude-newer "7 days" --custom-compile-command "make lock" --upgrade
lock: $(VENV)/dev.stamp
	$(UV_COMPILE) pyproject.toml --extra azure --group build --group dev --output-file requirements/dev.txt
	$(UV_COMPILE) pyproject.toml --group build --constraint requirements/dev.txt --output-file requirements/run.txt
	$(BIN)/python -m tools.npm_lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/made.stamp:
	@echo "making $(VENV)"
	@tools/make-venv $(VENV) $(along)
	@touch $@

$(VENV)/run.stamp: $(VENV)/made.stamp requirements/run.txt pyproject.toml
	@echo "installing what tidegate needs"
	@$(PIP) install --require-hashes --requirement requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "installing what the tests need"
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

# No package of npm runs a script of its own here.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
$(VENV)/node.stamp: $(VENV)/made.stamp requirements/package.json requirements/package-lock.json
	@echo "installing what the tests need of npm"
	@mkdir -p $(VENV)/node
	@cp requirements/package.json requirements/package-lock.json $(VENV)/node
	@cd $(VENV)/node && $(NPM_CI)
	@touch $@

$(VENV)/node-red.stamp: $(VENV)/made.stamp requirements/node-red/package.json requirements/node-red/package-lock.json
	@echo "installing Node-RED"
	@mkdir -p $(VENV)/node-red
	@cp requirements/node-red/package.json requirements/node-red/package-lock.json $(VENV)/node-red
	@cd $(VENV)/node-red && $(NPM_CI)
	@touch $@
