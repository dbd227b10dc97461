# demo, test and app install what they need; each group of packages has its stamp.
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .stamps
PINNED := pyproject.toml constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
LAWS := -m "not alone" -n auto --dist worksteal
ALONE := -m alone -n 0 --benchmark-columns=min,median,rounds --benchmark-sort=name

# Both engines by the interpreter, which alone can say which of their lines are never played.
INTERPRETED := NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest tests/model/centre/test_kernel.py -k nasty \
	--cov=twin.model.centre --cov-report=term-missing:skip-covered --cov-fail-under=95

.PHONY: demo test app lint bench capacity system clean

demo: $(STAMPS)/core
	$(BIN)/twin run reference --replications 5 --days 28

# The kernel is compiled first, once, so that no test waits for it.
test: $(STAMPS)/all
	$(BIN)/twin run reference --replications 1 --days 1 --out $(STAMPS)/runs
	$(BIN)/python -m pytest $(LAWS)
	$(BIN)/python -m pytest $(ALONE)
	$(INTERPRETED)
	@$(MAKE) --no-print-directory lint

app: $(STAMPS)/ui
	$(BIN)/streamlit run app.py

lint: $(STAMPS)/all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMPS)/all
	$(BIN)/python -m pytest $(ALONE)
	$(BIN)/python -m tests.bench

# Half an hour on a quiet machine: what a MediaMTX carries here, and the page that says so.
CAMPAIGN := runs/streams
capacity: $(STAMPS)/all
	$(BIN)/twin streams calibrate --cameras 200 --out $(CAMPAIGN)
	$(BIN)/twin streams ramp --cameras 80 --out $(CAMPAIGN)
	$(BIN)/twin streams faults --cameras 20 --seconds 10 --out $(CAMPAIGN)
	$(BIN)/twin streams fit --out $(CAMPAIGN) --capacity data/capacity_example.json \
		--report docs/streams_mesures.md

# Root and apt only: the browser that looks at the pages.
system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		command -v chromium >/dev/null || { apt-get update -q && apt-get install -q -y --no-install-recommends chromium; }; \
	else echo "make system needs root and apt: browser tests will be skipped"; fi

clean:
	rm -rf .venv $(STAMPS) .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -m venv .venv 2>/dev/null || { rm -rf .venv; echo "Python's venv module is missing: install python3-venv"; exit 1; }

$(STAMPS)/core: $(PINNED) | $(BIN)/python
	$(PIP) --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/ui: $(PINNED) | $(BIN)/python
	$(PIP) --editable '.[reports,ui]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/all: $(PINNED) | $(BIN)/python
	$(PIP) --editable '.[cluster,data,reports,rosters,streams,ui,dev]'
	@mkdir -p $(STAMPS) && touch $@
