# Everything runs in .venv, which is made once. PYTHON= chooses the interpreter it is made with.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
EXTRAS := render,datasets,dev,formats

.PHONY: env constraints test test-quick smoke quickstart web serve-web lint format clean

env: $(VENV)/.installed

# What each lane's packages resolved to: what installs today installs next year.
LANE := $(shell $(PYTHON) -c 'import sys; print("card" if sys.version_info < (3, 12) else "current")' 2>/dev/null)
CONSTRAINTS := constraints/$(LANE).txt

$(VENV)/.installed: setup.py $(wildcard constraints/*.txt)
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found: install CPython 3.11-3.13, or give its path with PYTHON="; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "error: `$(PYTHON) --version` is not 3.11-3.13: choose another interpreter with PYTHON="; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "error: $(PYTHON) has no venv module: install it (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[$(EXTRAS)]'
	@touch $@

# All extras but gpu: its packages are those that TensorFlow pins. Apache Beam wants an older protobuf
# than the current lane has, and PyTorch is compared with on the card lane.
EXTRAS_card := ,torch,beam
EXTRAS_current :=
ALL_EXTRAS := datasets,render,dev,serving,video,heic,formats,readers,pretrained$(EXTRAS_$(LANE))

constraints:
	mkdir -p constraints
	set -e; dir=$$(mktemp -d); trap 'rm -rf "$$dir" build' EXIT; $(PYTHON) -m venv $$dir; \
	$$dir/bin/pip install --quiet --disable-pip-version-check '.[$(ALL_EXTRAS)]'; \
	{ echo '# Written by `make constraints PYTHON=...`.'; $$dir/bin/pip freeze --all --exclude pip --exclude hg3d_tf; } > $$dir/made; \
	mv $$dir/made $(CONSTRAINTS)

# Neighbours share fixtures: each worker starts with a row of tests and steals only when it is done.
TEST := $(RUN) -m pytest -n auto --dist=worksteal

test: env
	$(TEST) -m 'not smoke'

test-quick: env
	$(TEST) -m 'not slow and not smoke'

# What a stranger does in a row: the quickstart in miniature, the notebooks, and, with FRESH=1, the
# README's commands as printed in a copy of the checkout with an environment made for them.
smoke: env
	HG3D_FRESH=$(FRESH) $(RUN) -m pytest -n auto --dist=loadfile -m smoke

# FROM: shipped, the network in the package, or scratch, the paper's from nothing.
FROM ?= shipped
quickstart: env
	$(RUN) experiments/quickstart.py --start=$(FROM)

# MODEL: the network in the package, or a folder that `hg3d_tf.export --tflite=float16,int8` wrote.
MODEL ?= hg3d_tf/weights
web:
	@command -v npm >/dev/null || { echo "error: npm not found: install Node.js 20.11 or later"; exit 1; }
	cd demo/web && npm ci --no-audit --no-fund
	node demo/web/build.mjs $(MODEL) demo/web/dist

serve-web: env
	$(RUN) demo/web/serve.py demo/web/dist

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info
