# The commands of the project; `make help` lists them.
# ARGS goes to the command: make run ARGS="--env umsab"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup translator run test lint check viz mlflow serve bench results clean

VENV := .venv/bin
INSTALLED := .venv/.installed
ARGS ?=

# The pairs of the routes in conf/base/parameters/augmentation.yml.
APERTIUM := apertium apertium-eng-spa apertium-fr-es apertium-es-pt apertium-spa-ita \
	apertium-fra-cat

export KEDRO_DISABLE_TELEMETRY ?= 1
export DO_NOT_TRACK ?= true
export MLFLOW_DISABLE_TELEMETRY ?= true

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make the virtual environment with the pinned packages

$(INSTALLED): pyproject.toml constraints.txt
	@scripts/make_venv.sh
	@touch $@

run: translator $(INSTALLED) ## run everything: from texts to a registered model
	@$(VENV)/kedro run $(ARGS)

# Before the packages, so that a run that could not translate stops before minutes of set-up. With
# ARGS the run itself tells whether it translates, and stops before any work if it can't.
translator:
ifneq (,$(findstring augmentation.is_enabled=false,$(ARGS)))
else ifneq (,$(ARGS))
	@scripts/install_packages.sh $(APERTIUM) || true
else
	@scripts/install_packages.sh $(APERTIUM) \
	|| command -v apertium >/dev/null \
	|| grep -rqsE 'is_enabled: *false' conf/local \
	|| { printf '%s\n' \
	"Apertium, which translates for the augmentation, is not installed and can't be from here." \
	"Install it and run again:" \
	"    sudo apt-get update && sudo apt-get install $(strip $(APERTIUM))" \
	"or run without augmentation:" \
	'    make run ARGS="--params augmentation.is_enabled=false"' >&2; exit 1; }
endif

test: $(INSTALLED) ## run the tests
	@$(VENV)/pytest $(ARGS)

lint: $(INSTALLED)
	@$(VENV)/ruff check
	@$(VENV)/ruff format --check
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-logo

check: lint test ## check style, types and imports, and run the tests

viz: $(INSTALLED) ## open the graph of the pipelines in a browser
	@$(VENV)/kedro viz run $(ARGS)

mlflow: $(INSTALLED) ## open the runs and registered models in a browser
	@echo "MLflow is at http://127.0.0.1:5000; Ctrl+C ends it"
	@$(VENV)/mlflow ui --backend-store-uri sqlite:///mlflow.db --default-artifact-root mlruns $(ARGS)

serve: $(INSTALLED) ## answer requests with the champion, on port 5001
	@PATH="$(CURDIR)/$(VENV):$$PATH" MLFLOW_TRACKING_URI="$${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}" \
	mlflow models serve -m "models:/ccnlp@champion" --env-manager local --port 5001 $(ARGS)

bench: $(INSTALLED) ## measure speed and memory beside plain ways
	@$(VENV)/python -m tests.benchmarks $(ARGS)

results: $(INSTALLED) ## run environments, ARGS="sib200 xsid", and write their scores to docs/results.md
	@$(VENV)/python -m tests.benchmarks.results $(ARGS)

clean: ## remove what runs have written to data, and caches; MLflow's record stays
	@flock --nonblock data/.run.lock find data/0[2-8]_* -mindepth 1 -not -name .gitkeep -delete \
	|| { echo "A run works on the data; wait until it ends." >&2; exit 1; }
	@rm -rf build .viz .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
