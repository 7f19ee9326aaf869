# make demo    open napari with the sample; without a screen, write demo.png
# make test    run all tests, those of numerics and of files beside those of windows
# make abuse   do random things to a window: SEQUENCES=300 of them, others with another SEED=1
# make test-everywhere  run them with PySide6, the lowest and the newest versions, and those of
#              windows in German and at other scale factors, one after the other; some of them:
#              make test-everywhere ENVIRONMENTS="pyside6 lowest" DISPLAYS=german, with the choices
#              that scripts/make_environment.sh lists
# make lint    check style, types and import directions
# make fuzz    damage files in many ways and open them, for two minutes or SECONDS, or INPUTS of them;
#              GUIDED=tiny.tif: one of them, guided by atheris, where that is installed;
#              EXHAUSTIVE=1: replace each byte of tiny files; RUN=1: other inputs; JSON=file: figures
# make bench   run the benchmarks, and write docs/performance.md from their results
# make soak    hover, switch and link for MINUTES, open and remove stacks: nothing may grow
# make pictures  draw the pictures of the README and the guide anew
# make screenshots  draw the window in each theme at two sizes, to look at, in .screenshots
# make sample  extract the features of the bundled sample anew
#
# Pictures are drawn with napari's default settings: NAPARI_CONFIG is empty.
#
# What may run at the same time has a screen of its own.
#
# Tests multiply small matrices, which takes BLAS longer in several threads.
#
# Everything is kept in .venv, and in .venvs. Another Python: make demo PYTHON=python3.13

PYTHON ?= python3
PYTEST_OPTIONS ?=
MINUTES ?= 5
JOBS ?= 2
VENV ?= .venv
SCREEN ?= 1400x900
ENVIRONMENTS ?= pyside6 pyside6-old-python lowest newest
DISPLAYS ?= german scaled-1.5 scaled-2

ifeq ($(shell uname -s),Linux)
ifeq ($(DISPLAY)$(WAYLAND_DISPLAY),)
VIRTUAL_SCREEN := xvfb-run -a -s "-screen 0 $(SCREEN)x24"
SECOND_SCREEN := xvfb-run -a -n 200 -s "-screen 0 $(SCREEN)x24"
THIRD_SCREEN := xvfb-run -a -n 300 -s "-screen 0 $(SCREEN)x24"
LARGE_SCREEN := xvfb-run -a -s "-screen 0 1920x1200x24"
endif
endif

.PHONY: demo test test-everywhere test-numerics test-windows abuse fuzz soak lint bench pictures \
	screenshots sample python system

demo: .venv/installed
ifdef VIRTUAL_SCREEN
	$(VIRTUAL_SCREEN) .venv/bin/napari-ifealid --screenshot demo.png
	@echo "There is no screen here: the window was drawn on a virtual one and saved as demo.png"
else
	.venv/bin/napari-ifealid
endif

# windows wait for most of their time: both together take little longer than one of them
test: $(VENV)/installed
	+$(MAKE) -j 2 test-numerics test-windows

test-everywhere:
	@failed=; for name in $(ENVIRONMENTS); do \
		echo "== $$name"; $(MAKE) test VENV=.venvs/$$name REPORT=.reliability/tests/$$name || failed="$$failed $$name"; \
	done; \
	for name in $(DISPLAYS); do \
		echo "== $$name"; $(MAKE) test-$$name || failed="$$failed $$name"; \
	done; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed"; exit 1; fi

test-german: export LC_ALL = de_DE.UTF-8
test-german: export LOCPATH = $(CURDIR)/.venvs/locales
test-german: .venvs/locales/de_DE.UTF-8
test-scaled-%: export QT_SCALE_FACTOR = $*

test-german:
	$(MAKE) test-windows REPORT=.reliability/tests/german

test-scaled-%:  # twice the screen, as the windows are up to twice as large
	$(MAKE) test-windows SCREEN=2800x1800 REPORT=.reliability/tests/scaled-$*

NUMERICS := $(wildcard $(addprefix tests/,batch cli engines extraction formats fuzz libraries measures \
	overview picture preprocessing results session_files sharpening))
PYTEST = $(VENV)/bin/python -m pytest $(PYTEST_OPTIONS)

test-numerics test-windows: export OPENBLAS_NUM_THREADS = 1

test-numerics: $(VENV)/installed
	$(VIRTUAL_SCREEN) $(PYTEST) $(NUMERICS) $(if $(REPORT),--junitxml=$(REPORT)-numerics.xml)

test-windows: $(VENV)/installed
	$(SECOND_SCREEN) $(PYTEST) tests $(addprefix --ignore=,$(NUMERICS)) \
		$(if $(REPORT),--junitxml=$(REPORT)-windows.xml)

SEQUENCES ?= 300
SEED ?= 1

abuse: export NAPARI_IFEALID_SEQUENCES = $(SEQUENCES)
abuse: export NAPARI_IFEALID_SEED = $(SEED)
abuse: export NAPARI_IFEALID_FIGURES = .reliability/abuse.json
abuse: export NAPARI_IFEALID_JOURNAL = .reliability/abuse.txt

abuse: .venv/installed
	@mkdir -p .reliability && rm -f .reliability/abuse.txt
	$(THIRD_SCREEN) $(PYTEST) tests/abuse/test_abuse.py

lint: .venv/installed-lint
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

fuzz: .venv/installed
	PYTHONPATH=tests/formats:tests/fuzz OPENBLAS_NUM_THREADS=1 NAPARI_CONFIG= \
		.venv/bin/python -W ignore \
		$(if $(GUIDED),tests/fuzz/guided_fuzz.py $(GUIDED),tests/fuzz/run_fuzz.py \
			--jobs $(JOBS) --json $(or $(JSON),.reliability/$(if $(EXHAUSTIVE),exhaustive,fuzz).json)) \
		$(if $(INPUTS),--inputs $(INPUTS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(EXHAUSTIVE),--exhaustive) $(if $(RUN),--run $(RUN))

bench: .venv/installed
	$(VIRTUAL_SCREEN) .venv/bin/python -m pytest benchmarks -q --benchmark-columns=min,median \
		--benchmark-json=.benchmarks/results.json $(PYTEST_OPTIONS)
	.venv/bin/python benchmarks/report.py .benchmarks/results.json

soak: .venv/installed
	$(VIRTUAL_SCREEN) .venv/bin/python -m soak --minutes $(MINUTES) --json .reliability/soak.json

pictures: .venv/installed
	NAPARI_CONFIG= $(VIRTUAL_SCREEN) .venv/bin/python docs/make_pictures.py
	NAPARI_CONFIG= $(VIRTUAL_SCREEN) .venv/bin/python docs/make_moving_picture.py

screenshots: .venv/installed
	NAPARI_CONFIG= $(LARGE_SCREEN) .venv/bin/python docs/make_screenshots.py

sample: .venv/installed
	.venv/bin/python scripts/make_sample.py

.venv/installed: pyproject.toml | system
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --upgrade "pip>=25.1"  # the first that knows --group
	.venv/bin/python -m pip install --editable ".[all]" --group test
	touch $@

.venvs/locales/%.UTF-8:
	EXTRA=locales scripts/install_debian_packages.sh
	mkdir -p $(@D)
	localedef --inputfile=$* --charmap=UTF-8 $@

.venvs/%/installed: pyproject.toml scripts/make_environment.sh | system
	scripts/make_environment.sh $*
	touch $@

.venv/installed-lint: .venv/installed
	.venv/bin/python -m pip install --group lint
	touch $@

system: python
	@PYTHON="$(PYTHON)" scripts/install_debian_packages.sh

python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	{ echo "Python 3.11 or newer is needed, and $(PYTHON) is not: make PYTHON=python3.12 ..."; exit 1; }
