# Everything runs in .venv, which is made once. PYTHON= chooses the interpreter it is made with.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
EXTRAS := render,datasets,dev

.PHONY: env test quickstart lint format clean

env: $(VENV)/.installed

$(VENV)/.installed: setup.py
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found: install CPython 3.10-3.13, or give its path with PYTHON="; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { echo "error: `$(PYTHON) --version` is not 3.10-3.13: choose another interpreter with PYTHON="; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "error: $(PYTHON) has no venv module: install it (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@

test: env
	$(RUN) -m pytest -n auto

quickstart: env
	$(RUN) experiments/quickstart.py

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info
