# `make run` and `make test` do all set-up on Debian 12 with Python 3.11; both are quick the second time.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

# Debian keeps programs such as mosquitto where the PATH of a plain user does not look.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

MOSQUITTO := mosquitto mosquitto-clients
HAS_MOSQUITTO := command -v mosquitto >/dev/null && command -v mosquitto_sub >/dev/null

.PHONY: help run test check bench docs format lock mosquitto clean

help:
	@echo "make run        run the quick start in the foreground"
	@echo "make test       run all tests"
	@echo "make check      formatting, lint, types, layers, tidiness"
	@echo "make bench      run the benchmarks and write their table into README.md"
	@echo "make docs       write docs/reference/ from the code"
	@echo "make format     format the code"
	@echo "make lock       renew requirements/*.txt from pyproject.toml"
	@echo "make mosquitto  install Debian's mosquitto without starting its service"

# Passed on to tools/make-venv by those targets that need more of Debian than Python.
test bench: along := $(MOSQUITTO)

run: $(VENV)/run.stamp
	@$(BIN)/python examples/quickstart/run.py

# Where mosquitto may not be installed the tests that need it are counted at the end of the run, or fail if CI=true.
test: $(VENV)/dev.stamp
	@$(HAS_MOSQUITTO) || tools/debian-install $(MOSQUITTO) || echo "going on without mosquitto" >&2
	$(BIN)/pytest

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests benchmarks examples fuzzing tools
	$(BIN)/pytest -q tests/test_tidy.py tests/test_layers.py tests/test_docs.py

bench: $(VENV)/dev.stamp mosquitto
	$(BIN)/python -m benchmarks --write-readme
	$(BIN)/python -m benchmarks.brokers --write-readme

docs: $(VENV)/dev.stamp
	$(BIN)/python -m tools.reference

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

mosquitto:
	@$(HAS_MOSQUITTO) || tools/debian-install $(MOSQUITTO)

# Versions and hashes only: where packages come from is the choice of the machine that installs them.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --exclude-newer "7 days" --custom-compile-command "make lock" --upgrade
lock: $(VENV)/dev.stamp
	$(UV_COMPILE) pyproject.toml --group build --group dev --output-file requirements/dev.txt
	$(UV_COMPILE) pyproject.toml --group build --constraint requirements/dev.txt --output-file requirements/run.txt

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
