# Mien. Each target sets up what it needs in .venv the first time.
#
#   make demo          the whole path on this machine; prints the address of the page
#   make test          ruff, mypy and the tests: what every change must pass
#   make test-system   the long tests: every page in every state, theme, language and size; a box in a container
#   make torture       a thousand faults on the real parts, and the count of what is left
#   make lint          ruff and mypy alone
#   make bench         measurements, each beside its peer or its limit, and what changed since the last commit
#   make bench-full    the longest ones too: a million frames, an hour of a person
#   make docs          the pages of docs/ that are made from the code
#   make schema        contract/schema.json, made from the contract
#   make clean         remove .venv and what tools left
#   make help          these lines
#
# demo: `DEMO_SECONDS=60` stops by itself; `CAMERA=0` takes a webcam; `DEMO_KEEP=DIR` keeps the databases; `PORT=8080`.
# test, test-system: `MIEN_DATA=DIR` is where the data sets are; `MIEN_AXE=FILE` is axe-core; `MIEN_SHOTS=DIR` keeps the
# pictures of the pages. torture: `SHORT=1` is a hundred faults, `FAULTS=10000` ten thousand, `SOAK=60` an hour of none.
# bench: `MIEN_PEER_PYTHON=PYTHON` is an interpreter that has the `fer` package.

PYTHON ?= python3
FAULTS ?= $(if $(SHORT),100,1000)
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1

.PHONY: demo test test-system torture lint bench bench-full docs schema clean help

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile

demo: $(VENV)/.demo
	@$(BIN)/python -m demo

test: $(VENV)/.dev lint
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

test-system: $(VENV)/.dev $(VENV)/.rtx $(VENV)/.tensorrt-names
	$(BIN)/python -m pytest -m system --numprocesses 3

torture: $(VENV)/.dev
	$(BIN)/python -m tests.torture $(if $(SOAK),--soak $(SOAK),--faults $(FAULTS))

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m bench

bench-full: $(VENV)/.dev
	$(BIN)/python -m bench --full

docs: $(VENV)/.dev
	$(BIN)/python -m tests.docs

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

# Where a release of TensorRT has no bindings for this Python its tests skip, and the next run looks for them again.
$(VENV)/.tensorrt-names: tests/convert/tensorrt_wheels.py | $(VENV)/.dev
	@if $(BIN)/python -m tests.convert.tensorrt_wheels; then touch $@; fi

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
