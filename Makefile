# Liên thông. `make demo` and `make test` need only Python 3.11+, pip and make; they create .venv by themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo dev test chaos bench check format clean

setup: $(READY)  ## create .venv with the pinned, hashed requirements

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11+ is needed (make PYTHON=python3.11 …)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $(READY)

demo: $(READY)  ## the whole story in at most 90 seconds, nothing left running
	@$(BIN)/lienthong demo

dev: $(READY)  ## Temporal with its UI, simulator, gateway and worker; Ctrl-C stops all (DATABASE=postgres: a real one)
	@$(BIN)/lienthong dev $(if $(DATABASE),--database $(DATABASE))

test: $(READY)  ## all tests
	$(BIN)/pytest -n 2 --dist loadfile

chaos: $(READY)  ## kill -9 worker, relay and gateway at every point of every story (STORY="consents": only that one)
	@$(BIN)/python -m tests.chaos $(if $(STORY),"$(STORY)")

bench: $(READY)  ## what a dossier costs, about seven minutes (JSON=file: also as JSON); docs/bench.md says how to read it
	@$(BIN)/python -m bench $(if $(JSON),--json $(JSON))

check: $(READY)  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

format: $(READY)  ## rewrite the code the way ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the virtual environment and kept state
	rm -rf $(VENV) .state
