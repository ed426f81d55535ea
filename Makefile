# Mien: `make demo` shows it, `make test` tests it. Each sets up what it needs in .venv the first time.
# demo:  DEMO_SECONDS=60 stops by itself; CAMERA=0 takes a webcam; DEMO_KEEP=DIR keeps the databases; PORT=8080.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1

.PHONY: demo test lint bench schema clean help

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: $(VENV)/.demo
	@$(BIN)/python -m demo

test: $(VENV)/.dev lint
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m bench.desk
	$(BIN)/python -m bench.ingest

schema: $(VENV)/.dev
	$(BIN)/python -m contract.schema

# A stamp says which extras are in .venv, so that a second run needs no network.
$(VENV)/.%: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "make: $(PYTHON) cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; \
	  rm -rf $(VENV); exit 1; }
	@echo "Setting up $(VENV) for '$*': this takes a few minutes the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[$*]"
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
