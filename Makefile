# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SLIM := .venv-slim
PIP_INSTALL := -m pip install -q --disable-pip-version-check -c constraints.txt

TORCH := torch==2.13.0  # installed first: the rest takes what is there
.PHONY: help setup setup-dev demo test lint slim audit-deps endurance docs study interop bench bench-judge bench-verify bench-trainer clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.ready  ## Make .venv with stepsmith in it (enough for `synth`, `judge`, `verify`, `train`, `report`, `view`)

setup-dev: $(VENV)/.ready-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Stepsmith needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python $(PIP_INSTALL) $(TORCH)
	$(BIN)/python $(PIP_INSTALL) -e '.[report,serve,train,view]'
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python $(PIP_INSTALL) $(TORCH)
	$(BIN)/python $(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.ready

# Contest problems and their report; then a problem set for a small model, which learns first lessons (SFT) and, under a
# curriculum, to solve what it cannot yet (RL).
demo: setup  ## Make contest problems; train a small model on others; report on both (under 8 minutes on 2 cores)
	@rm -rf runs/demo runs/micro
	$(BIN)/stepsmith synth --chains 12 --out runs/demo
	$(BIN)/stepsmith synth examples/micro.toml --out runs/micro
	$(BIN)/stepsmith train sft micro --out runs/micro/training/sft
	$(BIN)/stepsmith train rl micro --steps 75 --model runs/micro/training/sft --problems runs/micro --set rl.exercises.count=600 \
		--set rl.initial_samples=2 --out runs/micro/training/rl
	$(BIN)/stepsmith report runs/micro
	@echo "Look at everything in a browser: $(BIN)/stepsmith view runs/demo runs/micro"

test: setup-dev lint docs slim audit-deps  ## Every check and test
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not serial" --durations=40
	$(BIN)/python -m pytest -m serial

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit-deps: setup-dev  ## Known holes in the installed packages (says so where the service cannot be reached)
	$(BIN)/python benchmarks/audit_deps.py

endurance: setup-dev  ## Faults on a Ray cluster; then an hour of load while parts are killed (MINUTES=60)
	$(BIN)/python benchmarks/cluster_faults.py
	$(BIN)/python benchmarks/endurance.py --minutes $(or $(MINUTES),60)

docs: setup-dev  ## Build the documentation site into site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build -q --strict

# The base install, without any extra, imports everything it should and runs the main job.
slim: setup-dev
	@test -x $(SLIM)/bin/python || $(PYTHON) -m venv $(SLIM)
	$(SLIM)/bin/python $(PIP_INSTALL) .
	$(SLIM)/bin/python tests/slim.py

STUDY ?= controls
study: setup  ## Run a study (STUDY=NAME of `stepsmith study --list`; hours on 2 cores, resumable)
	$(BIN)/stepsmith study $(STUDY) --workers 2 --resume

interop: setup-dev  ## The consumers of exports, each in an environment of its own under .interop/ (5 GB; not in CI)
	$(BIN)/python benchmarks/interop/run.py

bench: setup-dev  ## Synthesis, curation, and the viewer on a million problems (about 18 minutes)
	$(BIN)/python benchmarks/synthesis.py
	$(BIN)/python benchmarks/curation.py
	PYTHONPATH=. $(BIN)/python benchmarks/viewer.py

bench-judge: setup-dev  ## The judge against plain subprocess; the price of a program, over HTTP, and in a step of RL
	$(BIN)/python benchmarks/judge.py
	$(BIN)/python benchmarks/judge.py --one-shot
	$(BIN)/python benchmarks/judge.py --start
	$(BIN)/python benchmarks/serve.py
	$(BIN)/python benchmarks/rl_step.py

bench-verify: setup-dev  ## Verification methods compared
	$(BIN)/python benchmarks/verify.py

bench-trainer: setup  ## What TRL adds to the bare work of a step (needs runs/micro/training/sft of `make demo`)
	$(BIN)/python benchmarks/trainer.py --model runs/micro/training/sft/model

clean:  ## Remove the environments, the site and what runs produced
	rm -rf $(VENV) $(SLIM) runs site
