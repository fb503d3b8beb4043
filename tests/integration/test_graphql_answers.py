"""What callers are answered: errors, limits and cost, whatever they send."""

from datetime import timedelta

import pytest
from graphql import get_introspection_query
from structlog.testing import capture_logs

from app.graphql import admission
from app.graphql.budget import Available
from tests.fakes.toy_server import JSON, RESPONSE, Toy, code_of, error_of, post


async def test_a_bug_is_masked_and_logged_once_with_its_request_id():
    with capture_logs() as logs:
        response = await post("query Broken { crash hello }")

    error = error_of(response)
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert response.status_code == 200
    assert response.json()["data"] == {"crash": None, "hello": "Hello, world!"}
    assert error["path"] == ["crash"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": response.headers["x-request-id"]}
    assert "hunter2" not in response.text
    assert (line["request_id"], line["operation"]) == (error["extensions"]["requestId"], "Broken")
    assert "hunter2" in str(line["exc_info"][1])


async def test_many_failures_of_one_kind_are_logged_once():
    with capture_logs() as logs:
        response = await post('{ itemsById(ids: ["1", "1", "1"]) { maybeBroken } }')

    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert len(response.json()["errors"]) == line["count"] == 3


async def test_a_null_that_may_not_be_bubbles_up_to_the_root():
    response = await post("{ hello crashHard }")

    assert response.status_code == 200
    assert response.json()["data"] is None
    assert code_of(response) == "INTERNAL"


async def test_partial_data_stays_as_it_is():
    response = await post("{ items(first: 2) { nodes { name maybeBroken } } }")

    nodes = response.json()["data"]["items"]["nodes"]
    assert nodes == [{"name": "0", "maybeBroken": 1}, {"name": "1", "maybeBroken": None}]
    assert error_of(response)["path"] == ["items", "nodes", 1, "maybeBroken"]


@pytest.mark.parametrize(
    "code", ["NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED", "BAD_USER_INPUT", "CONFLICT", "RATE_LIMITED"]
)
async def test_a_refusal_by_a_resolver_is_told_and_not_logged(code):
    with capture_logs() as logs:
        response = await post("query($code: String!) { refuse(code: $code) }", variables={"code": code})

    error = error_of(response)
    assert response.status_code == 200
    assert error["extensions"]["code"] == code
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert error["message"] != ""
    assert [line for line in logs if line["log_level"] in {"error", "warning"}] == []


async def test_a_refusal_names_the_input_it_is_about():
    response = await post('{ refuse(code: "BAD_USER_INPUT") }')

    assert error_of(response)["extensions"]["inputPath"] == ["input", "amount"]


async def test_the_fields_of_a_bad_input_are_named():
    response = await post('mutation { rename(input: {name: "", size: -1}) }')

    extensions = error_of(response)["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert [each["location"] for each in extensions["validationErrors"]] == [["input", "name"], ["input", "size"]]


@pytest.mark.parametrize(("code", "shown"), [("CONFLICT", "CONFLICT"), ("MADE_UP", "INTERNAL")])
async def test_an_error_chosen_by_a_resolver_is_shown_only_with_a_known_code(code, shown):
    response = await post("query($code: String!) { chosenError(code: $code) }", variables={"code": code})

    assert code_of(response) == shown


@pytest.mark.parametrize("query", ["{ tooLargeForInt }", "{ thing { name ... on Part { broken } } }"])
async def test_a_result_that_does_not_fit_the_schema_is_our_fault(query):
    response = await post(query)

    assert code_of(response) == "INTERNAL"


async def test_a_result_that_json_cannot_hold_is_masked():
    response = await post("{ notJson }")

    assert response.status_code == 500
    assert code_of(response) == "INTERNAL"
    assert "data" not in response.json()


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ helo }", {}),
        ("{ hello(nam: \"x\") }", {}),
        ("{ paint(colour: REDD) }", {}),
        ("query($c: Color!) { paint(colour: $c) }", {}),
        ("query($c: Colour!) { paint(colour: $c) }", {"c": "REDD"}),
        ("mutation { rename(input: {nam: \"x\"}) }", {}),
        ("mutation($i: RenameInput!) { rename(input: $i) }", {"i": {"nam": "x", "name": "y"}}),
        ("{ hello @skp(if: true) }", {}),
        ("{ item(name: \"a\") }", {}),
        ("{ thing { ... on Prt { name } } }", {}),
        ("mutation { renam(input: {name: \"x\"}) }", {}),
    ],
)  # fmt: skip
async def test_no_suggestion_is_leaked(query, variables):
    response = await post(query, variables=variables)

    assert response.status_code == 400
    assert "did you mean" not in response.text.lower()


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ halve(number: 3) }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Even!) { halve(number: $n) }", {"n": 3}, "BAD_USER_INPUT"),
        ("query($n: Even!) { halve(number: $n) }", {}, "BAD_USER_INPUT"),
        ("query($n: Even!) { halve(number: $n) }", {"n": None}, "BAD_USER_INPUT"),
        ("query($n: Int!) { total(numbers: [$n]) }", {"n": 2**31}, "BAD_USER_INPUT"),
        ("query($n: Int!) { total(numbers: [$n]) }", {"n": 10**30}, "BAD_USER_INPUT"),
        ("query($n: Int!) { total(numbers: [$n]) }", {"n": 1.5}, "BAD_USER_INPUT"),
        ("query($n: [Int!]!) { total(numbers: $n) }", {"n": [1, "x", None]}, "BAD_USER_INPUT"),
        ("{ total(numbers: [99999999999999999999]) }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ total(numbers: [" + "9" * 5000 + "]) }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_values_that_do_not_fit_are_refused_before_anything_runs(query, variables, code):
    response = await post(query, variables=variables)

    assert response.status_code == 400
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {code}


@pytest.mark.parametrize(
    ("query", "name"),
    [("query A { hello } query B { who }", None), ("query A { hello }", "B"), ("fragment F on Query { hello }", None)],
)
async def test_an_operation_that_cannot_be_told_is_400(query, name):
    response = await post(query, operationName=name)

    assert response.status_code == 400
    assert code_of(response) == "BAD_USER_INPUT"


def _chain(length: int) -> str:
    return "".join(f"fragment F{n} on Item {{ sibling {{ ...F{n + 1} }} }} " for n in range(length))


@pytest.mark.parametrize(
    "query",
    [
        '{ item(name: "a") ' + "{ sibling " * 11 + "{ name }" + "}" * 11 + " }",
        '{ item(name: "a") { ...F0 } } ' + _chain(12) + "fragment F12 on Item { name }",
        '{ item(name: "a") { ...F0 } } ' + _chain(3) + "fragment F3 on Item { sibling { ...F0 } }",
        '{ item(name: "a") { ...Missing } }',
        "{ ...F0 } " + "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(40))
        + "fragment F40 on Query { hello }",
        "{ item(name: \"a\") {" + " ".join(f"a{n}: name" for n in range(31)) + "} }",
        "{" + " ".join("hello" for _ in range(11)) + "}",
        "{ hello " + "@skip(if: false)" * 51 + "}",
        "query(" + " ".join(f"$a{n}: Int @x" for n in range(51)) + ") { hello }",
        "{ item(name: \"a\") {" + " name" * 1001 + "} }",
        "{ item(name: \"a\") {" + " sibling { name }" * 120 + "} }",
        'mutation { a: signIn(password: "a") b: signIn(password: "b") }',
        'mutation { signIn(password: "a") register(password: "b") }',
        'mutation { ...F a: signIn(password: "a") } fragment F on Mutation { signIn(password: "b") }',
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{" + " hello" * 3000 + "}",
        "{ hello " + "#\n" * 2000 + "}",
        "{ hello " + " " * 100_000 + "}",
        "{" * 5000,
        "{ " + "x" * 90_000 + " }",
    ],
)  # fmt: skip
async def test_a_hostile_document_is_refused_quickly_and_with_few_words(query):
    toy = Toy()

    response = await post(query, toy)

    assert response.status_code == 400
    assert code_of(response) == "GRAPHQL_VALIDATION_FAILED"
    assert len(response.content) < 2000
    assert toy.log.resolved == []


async def test_a_document_at_the_limits_runs():
    deep = '{ item(name: "a") ' + "{ sibling " * 10 + "{ name }" + "}" * 10 + " }"

    response = await post(deep)

    assert response.status_code == 200


@pytest.mark.parametrize("query", ["{ }", '{ item(name: "a") { } }'])
async def test_an_empty_selection_is_fine(query):
    response = await post(query)

    assert response.status_code == 200


async def test_the_standard_introspection_query_runs_for_those_who_may():
    response = await post(get_introspection_query(input_value_deprecation=True, schema_description=True))

    assert response.json()["data"]["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize(
    "query", ["{ __schema { types { name } } }", '{ hello ...F } fragment F on Query { __type(name: "Item") { name } }']
)
async def test_introspection_is_refused_to_others(query):
    toy = Toy(options={"may_introspect": lambda session: session.principal == "user:root"})

    response = await post(query, toy)

    assert response.status_code == 403
    assert code_of(response) == "FORBIDDEN"
    assert toy.log.resolved == []


async def test_a_query_that_is_too_dear_never_runs():
    toy = Toy()
    query = "query($first: Int!) { items(first: $first) { nodes { parts(first: 100) { nodes { name } } } } }"

    cheap = await post(query, variables={"first": 49})
    dear = await post(query, toy, variables={"first": 50})

    # 49 x (1 item + 100 parts) = 4949 points; 50 x 101 = 5050.
    assert cheap.json()["extensions"]["cost"]["requested"] == 4949
    assert dear.status_code == 400
    assert code_of(dear) == "COST_LIMIT_EXCEEDED"
    assert dear.json()["extensions"]["cost"] | {"available": 0, "restoreRate": 0} == {
        "requested": 5050, "actual": 0, "limit": 5000, "available": 0, "restoreRate": 0
    }  # fmt: skip
    assert toy.log.resolved == []


async def test_what_came_back_is_told_beside_what_was_asked_for():
    response = await post("{ items(first: 100) { nodes { name sibling { name } } } }")

    # 100 x (item + sibling) were asked for; there are 4 items.
    cost = response.json()["extensions"]["cost"]
    assert (cost["requested"], cost["actual"]) == (200, 8)


class Empty:
    """A bucket with 3 points left that fills by 2 points a second."""

    async def take(self, principal: str, cost: int, address: str) -> Available:
        return Available(allowed=cost <= 3, points=3, restore_rate=2)


@pytest.mark.parametrize(("accept", "status"), [(RESPONSE, 429), (JSON, 200)])
async def test_a_principal_without_budget_is_told_when_to_come_back(accept, status):
    toy = Toy(options={"budget": Empty()})

    response = await post("{ items(first: 10) { nodes { name } } }", toy, accept=accept)

    # 10 points are asked for, 3 are there: 7 are missing, at 2 a second.
    error = error_of(response)
    assert response.status_code == status
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] == 4
    assert response.headers["retry-after"] == "4"
    assert response.json()["extensions"]["cost"] == {
        "requested": 10, "actual": 0, "limit": 5000, "available": 3, "restoreRate": 2
    }  # fmt: skip
    assert toy.log.resolved == []


@pytest.mark.parametrize(("accept", "status"), [(RESPONSE, 503), (JSON, 200)])
async def test_an_operation_that_takes_too_long_is_stopped(monkeypatch, accept, status):
    monkeypatch.setattr(admission, "TIME_LIMIT", timedelta(milliseconds=50))
    toy = Toy()

    response = await post("{ sleep(seconds: 60) hello }", toy, accept=accept)

    assert response.status_code == status
    assert code_of(response) == "COST_LIMIT_EXCEEDED"
    assert "took longer than" in error_of(response)["message"]
    assert "sleep" not in toy.log.resolved
