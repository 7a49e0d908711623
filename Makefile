# Two commands from a fresh clone: `make serve` and `make test`. Each first sets up what it needs in .venv.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 1
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: serve test suite quick check docs clean

serve: .venv/serving
	$(BIN)/python -m api --host $(HOST) --port $(PORT) --workers $(WORKERS)

# The checks run beside the tests: mypy takes as long as many of them, and has one thread.
test: .venv/testing
	@$(MAKE) --no-print-directory --jobs=2 check suite

# Each process of the tests has a core to itself, and runs neighbouring tests, which share what they build. Compiled
# modules are kept: many tests start programs.
suite: .venv/testing
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal --cov --cov-report=term

# The tests that take up to 0.2 s, without TensorFlow, a browser, a database or other processes.
quick: .venv/testing
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal -m "not slow"

check: .venv/testing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site of the manual, which the service shows at /manual. The tutorials run again after a change of the code.
docs: .venv/docs
	OMP_NUM_THREADS=2 $(BIN)/python -m sphinx -W --keep-going -q -b html docs build/manual
	@echo "the manual: build/manual/index.html, and /manual of the service"

clean:
	rm -rf .venv build docs/project docs/reference docs/source .mypy_cache .pytest_cache .ruff_cache

# The stamps are written last, so that an interrupted installation is taken up again. The tests' is the service's, too.
.venv/serving: pyproject.toml | .venv/bin/pip
	@echo "installing the service, and what draws figures, into .venv, once: 0.9 GB, a minute or two"
	$(INSTALL) --editable ".[serve,plots]"
	@touch $@

.venv/testing: requirements.txt pyproject.toml | .venv/bin/pip
	@echo "installing all of LD-Data, TensorFlow, and the tests into .venv, once: 3.3 GB, some minutes"
	$(INSTALL) --requirement requirements.txt
	@touch .venv/serving .venv/docs $@

.venv/docs: pyproject.toml | .venv/bin/pip
	@echo "installing Sphinx, the service and TensorFlow into .venv, once: 3.3 GB, some minutes"
	$(INSTALL) --editable ".[docs]"
	@touch .venv/serving $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
