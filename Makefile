# CloudWatcher's commands; `make` alone lists them. What each needs is installed into .venv by itself, once, and again
# when pyproject.toml or constraints.txt has changed.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install -qq --progress-bar off --constraint constraints.txt
PYTEST_ARGS ?=
ANOMALY_DATA ?= ../shared/data/cost_anomaly_bench
# Two processes, a file of tests at a time, in the order given: each starts servers of its own.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Counting lines makes Python three times slower. So what takes long runs uncounted: the rest alone has to reach the
# bounds of coverage. The longest come first, so that no process is left with one of them at the end.
LONG = aws_remedies aws_second_tries aws_connector aws_faults faults_on_the_wire explain introspection cost_anomalies \
	rights_model demo_account aws_survey sync_faults no_plain_secret sign_in_with_provider github_faults account_sync \
	scim_users azure_connector aws_governance gcp_connector crooked_providers web_processes allocation members \
	key_rotation sync_life graphql_websocket seed invitations embedded_orphans cost_series channel_kinds cost_exports \
	sync_store forecast_crash connecting azure_remedies gcp_remedies remediation_kills remediations compliance_graph \
	process_events digitalocean_faults forecast fetch_costs connecting_aws fanout github_connector score_changes \
	remediation_policies policy_runs approving_from_slack approval_messages narrow_syncs narrow_aws sync_parking \
	mending_findings commitment_recommendations digitalocean_remedies github_remedies okta_remedies aws_controls \
	azure_controls gcp_controls digitalocean_controls github_controls jira_controls okta_controls slack_controls \
	platform_controls platform_work_controls aws_joint_controls
UNCOUNTED = tests/journeys $(LONG:%=tests/integration/test_%.py) tests/contract tests/unit/bench \
	tests/unit/connectors/intake/test_forged.py tests/unit/compiled_executor/test_same_answers.py
COUNTED = tests/integration tests/unit $(UNCOUNTED:%=--ignore=%)

# What goes through the executor. Who may do what, which index serves it, and what jobs do is tried on the compiled one only.
ON_ONE = isolation access explain sync_life cost_anomalies commitments audit_export cost_exports forecast budgets \
	connecting_aws aws_remedies azure_remedies gcp_remedies digitalocean_remedies github_remedies okta_remedies \
	remediation_kills policy_runs approval_messages approving_from_slack drift_by_remediation score_changes \
	platform_controls platform_work_controls platform_page_controls
ASK_THE_GRAPH = $(filter-out $(ON_ONE:%=\%/test_%.py),$(shell grep -lw Graph tests/contract/test_*.py tests/integration/test_*.py))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up install test test-standard chaos nightly lint check format schema isolation guides connectors controls detectors rules remedies audit bench anomaly constraints clean

help: ## List these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Python 3.11, 3.12 or 3.13 is found by itself; PYTHON=/path/to/python names another."
	@echo "  PYTEST_ARGS='-k alert' narrows make test."

demo: $(VENV)/.runtime ## Start CloudWatcher with its own servers and a demo that keeps moving
	@$(BIN)/cloudwatcher demo

up: $(VENV)/.runtime ## Start CloudWatcher, with its own servers where no address is set
	@$(BIN)/cloudwatcher up

install: $(VENV)/.dev ## Install everything for development into .venv

test: $(VENV)/.dev ## Run every test; fail where those that are counted cover less than 90% of branches, or 100% in domain and auth
	@mkdir -p build
	@if [ -n "$(PYTEST_ARGS)" ]; then $(PYTEST) $(PYTEST_ARGS); exit; fi; \
		failed=; $(PYTEST) --cov --cov-report=term:skip-covered $(COUNTED) || failed=yes; \
		$(PYTEST) $(UNCOUNTED) || failed=yes; \
		$(BIN)/coverage report --include='domain/*,auth/*' --fail-under=100 > build/coverage.txt || \
			{ cat build/coverage.txt; echo 'domain and auth must be covered in full.'; failed=yes; }; \
		test -z "$$failed"

test-standard: $(VENV)/.dev ## Run the tests that ask the graph on the standard executor instead of the compiled one
	@CLOUDWATCHER_COMPILED_EXECUTOR=false $(PYTEST) -q $(or $(PYTEST_ARGS),$(ASK_THE_GRAPH))

chaos: $(VENV)/.dev ## Kill and break everything under load and see whether anything is lost (CHAOS_ARGS='--help'; some minutes)
	@$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

nightly: $(VENV)/.dev ## Run the property tests with twenty times as many examples (half an hour)
	@$(PYTEST) -q --hypothesis-profile=nightly tests/unit tests/integration/test_rights_model.py \
		tests/contract/test_isolation.py

lint: $(VENV)/.dev ## Check format, lint, types and imports
	@$(BIN)/ruff format --check --quiet . || { echo 'make format mends this.'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

check: lint ## Check format, lint, types, imports, unit and contract tests (about two minutes on two free cores)
	@$(PYTEST) -q tests/unit tests/contract

format: $(VENV)/.dev ## Rewrite the code in the one format, and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

schema: $(VENV)/.dev ## Write schema/schema.graphql anew from the code
	@mkdir -p build
	@$(BIN)/cloudwatcher schema > build/schema.graphql
	@mv build/schema.graphql schema/schema.graphql

connectors: $(VENV)/.dev ## Write docs/connectors.md anew from the vendors and from what answers them in the tests
	@$(BIN)/python -m tests.contract.connectors_page

controls: $(VENV)/.dev ## Write docs/controls.md anew from the controls, the checks of bundles and the verdicts tests come to
	@$(BIN)/python -m tests.contract.record_verdicts
	@$(BIN)/python -m tests.contract.controls_page

detectors: $(VENV)/.dev ## Write docs/detectors.md anew from domain/detectors
	@$(BIN)/python -m tests.contract.detectors_page

rules: $(VENV)/.dev ## Write docs/rules.md anew from domain/rules and from how far `make remedies` came
	@$(BIN)/python -m tests.contract.rules_page

remedies: $(VENV)/.dev ## Play every remedy against its stand-in and keep how far each came (some minutes)
	@$(BIN)/python -m tests.contract.record_remedies

isolation: $(VENV)/.dev ## Write docs/isolation.md anew from the tables and probes of the contract tests
	@$(BIN)/python -m tests.contract.isolation_page

guides: $(VENV)/.dev ## Write permissions, mappings and rules into docs/guides anew from the code
	@$(BIN)/python -m tests.contract.guide_permissions
	@$(BIN)/python -m tests.contract.bills_page

audit: $(VENV)/.dev ## Ask whether a pinned package is known to be vulnerable, and whether all are pinned (needs the internet)
	@$(BIN)/python -m tests.contract.audit

bench: $(VENV)/.dev ## Compare with other servers on the same work (BENCH_ARGS='--quick' for a short one, '--help' for all)
	@$(BIN)/python -m bench $(BENCH_ARGS)

anomaly: $(VENV)/.dev ## Measure the detector of cost anomalies on labelled series (ANOMALY_DATA names their folder)
	@$(BIN)/python -m bench.anomaly --data $(ANOMALY_DATA) $(ANOMALY_ARGS)

constraints: ## Pin the newest versions that pyproject.toml allows
	@rm -rf build/constraints && mkdir -p build
	@$(call make_venv,build/constraints)
	@echo 'Resolving; this takes a few minutes.'
	@build/constraints/bin/python -m pip --disable-pip-version-check install -qq --progress-bar off '.[dev]'
	@{ echo '# The exact versions that are installed and tested, for Python 3.11 to 3.13.' \
		'Made by `make constraints`; not edited by hand.'; \
		build/constraints/bin/python -m pip freeze --exclude cloudwatcher; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/constraints
	@git --no-pager diff --stat constraints.txt

clean: ## Remove .venv, caches and build output; .data stays, because it holds what you stored
	@rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache *.egg-info
	@find . -path ./.data -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

# A virtual environment in the folder $(1), made with PYTHON or the first Python found that can run CloudWatcher.
define make_venv
suits() { "$$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }; \
found=''; \
for python in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
	if suits "$$python"; then found="$$python"; break; fi; \
done; \
if [ -z "$$found" ]; then \
	echo 'CloudWatcher needs Python 3.11, 3.12 or 3.13$(if $(PYTHON),; $(PYTHON) is not one).'; \
	echo 'Install one (Debian, Ubuntu: apt install python3 python3-venv) or name one: make PYTHON=/path/to/python3.11'; \
	exit 1; \
fi; \
if ! "$$found" -c 'import venv, ensurepip' 2>/dev/null; then \
	echo "$$found cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; \
	exit 1; \
fi; \
"$$found" -m venv $(1)
endef

$(VENV)/.made:
	@$(call make_venv,$(VENV))
	@touch $@

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/.made
	@echo 'Installing CloudWatcher into $(VENV); the first time takes a few minutes.'
	@$(INSTALL) --editable '.[embedded,demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.made
	@echo 'Installing CloudWatcher and its tools into $(VENV); the first time takes a few minutes.'
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.runtime
