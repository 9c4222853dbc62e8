# make demo       the main job on a simulated DICOM study; ends with the path of a report
# make test       style, types and tests
# make test-slow  minutes more: slow tests, and the MRML tests on the older slicer-core
# make bench      timings beside the peers
# make pyradiomics  an environment of its own with that peer, for bench and test-slow, where Python 3.11 is found
# make model      trains the demonstration models again from simulated cases
# make screenshots  the pictures of the README, made by the program
# Each makes its own .venv with pinned versions.

VENV := .venv
OLD_SLICER_VENV := .venv-slicer-5.11
PYRADIOMICS_VENV := .venv-pyradiomics
PY := $(VENV)/bin/python
DEMO := demo

# The first Python 3.10 to 3.13 that can make virtual environments; empty when there is none.
FIND_PYTHON = for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10; do \
    $$python -c 'import ensurepip, venv, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 \
    && { echo $$python; break; }; done

# pyradiomics 3.0.1 can be built on Python 3.11; newer ones cannot.
FIND_PYTHON_3_11 = for python in $(PYTHON) python3.11 python3; do \
    $$python -c 'import ensurepip, venv, sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 \
    && { echo $$python; break; }; done

.PHONY: demo test test-slow bench pyradiomics model screenshots lint clean
.DEFAULT_GOAL := demo

$(VENV)/bin/pip:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
	    echo "make: no Python 3.10 to 3.13 with venv was found; run: sudo apt-get install python3 python3-venv" >&2; exit 1; fi; \
	echo "making $(VENV) with $$($$python --version)"; $$python -m venv $(VENV)

$(VENV)/.run: requirements/run.txt | $(VENV)/bin/pip
	@$(VENV)/bin/pip install --disable-pip-version-check --only-binary :all: -q -r requirements/run.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/bin/pip
	@$(VENV)/bin/pip install --disable-pip-version-check --only-binary :all: -q -r requirements/dev.txt
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run
	@$(PY) -m spinemets demo --out $(DEMO) --overwrite

lint: $(VENV)/.dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

test: lint
	@$(PY) Testing/harness/system_libraries.py
	@$(PY) -m pytest -m "not slow" -n 2

test-slow: $(VENV)/.dev
	-@$(MAKE) --no-print-directory pyradiomics
	@$(PY) Testing/harness/system_libraries.py
	@$(PY) -m pytest -m slow
	@test -x $(OLD_SLICER_VENV)/bin/python || $(PY) -m venv $(OLD_SLICER_VENV)
	@sed 's/^slicer-core==.*/slicer-core==5.11.0.6/; s/^vtk==.*//' requirements/dev.txt > $(OLD_SLICER_VENV)/requirements.txt
	@$(OLD_SLICER_VENV)/bin/pip install --disable-pip-version-check -q -r $(OLD_SLICER_VENV)/requirements.txt
	@$(OLD_SLICER_VENV)/bin/python -m pytest Testing/mrml SpineMetsSegmenter/Testing SpineMetsClassifier/Testing SegmentEditorSpineMets/Testing

# Everything but pyradiomics first, since it is built with what is installed.
$(PYRADIOMICS_VENV)/.done: requirements/pyradiomics.txt
	@python=$$($(FIND_PYTHON_3_11)); \
	if [ -z "$$python" ]; then \
	    echo "make: pyradiomics 3.0.1 needs Python 3.11 with venv, which was not found; all else works without it" >&2; exit 1; fi; \
	echo "making $(PYRADIOMICS_VENV) with $$($$python --version)"; $$python -m venv $(PYRADIOMICS_VENV)
	@$(PYRADIOMICS_VENV)/bin/pip install --disable-pip-version-check -q -r $<
	@$(PYRADIOMICS_VENV)/bin/pip install --disable-pip-version-check -q --no-build-isolation --no-deps pyradiomics==3.0.1 \
	|| { echo "make: pyradiomics 3.0.1 could not be built; it needs a C compiler and Python's headers" >&2; exit 1; }
	@touch $@

pyradiomics: $(PYRADIOMICS_VENV)/.done

bench: $(VENV)/.dev
	-@$(MAKE) --no-print-directory pyradiomics
	@for benchmark in Testing/benchmarks/bench_*.py; do $(PY) $$benchmark || exit 1; done

model: $(VENV)/.dev
	@$(PY) -m spinemets.learning.demonstration --overwrite
	@$(PY) -m spinemets.learning.published_model --overwrite

screenshots: $(VENV)/.dev
	@$(PY) Resources/Screenshots/make_screenshots.py

clean:
	rm -rf $(VENV) $(OLD_SLICER_VENV) $(PYRADIOMICS_VENV) $(DEMO)
