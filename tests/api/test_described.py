"""What OpenAPI promises is so: requests made from the document itself, its examples, and the page for people."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from heartbeat_lib.api import documents, make_app
from heartbeat_lib.api.problems import TITLES
from tests.api.conftest import Client

PROBLEM = "application/problem+json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture
def described(client):
    """The document."""
    return client.get("/api/openapi.json").json()


def operations(described):
    """(method and path, operation) of each."""
    return [
        (f"{method.upper()} {path}", said) for path, methods in described["paths"].items() for method, said in methods.items()
    ]


def at_this_machine(app):
    """The application as a peer of this machine meets it."""

    async def served(scope, receive, send):
        await app(scope | {"client": ("127.0.0.1", 5000)}, receive, send)

    return served


def as_it_stands(case, client):
    """Make a request that fits the document fit the store too: a metric that lives, the version that stands."""
    if "metric_id" in case.path_parameters:
        case.path_parameters["metric_id"] = "late_share"
    if case.method == "PATCH":
        case.headers["If-Match"] = client.get("/api/metrics/late_share").headers["etag"]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_made_from_the_document_breaks_a_promise(place, client, mode):
    """25 of each operation, good ones or bad ones; a refusal is one of those that the document names."""
    answered = Counter()

    def run(operation):
        @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def each(case):
            if mode is GenerationMode.POSITIVE:
                as_it_stands(case, client)
            answer = case.call(base_url="http://127.0.0.1")
            case.validate_response(answer, checks=CHECKS)
            answered[operation.label, answer.status_code] += 1

        each()

    app = at_this_machine(make_app(place))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"Host": "127.0.0.1"})
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or list(operation.iter_parameters()):
            run(operation)
    if mode is GenerationMode.POSITIVE:
        labels = {label for label, _ in answered}
        assert {label for label, status in answered if status == 200} == labels, answered


@pytest.mark.parametrize("name", ["metric", "problem"])
def test_an_example_fits_its_schema(name, described):
    """Examples are what people copy."""
    schema = {"$ref": f"#/components/schemas/{name.title()}", "components": described["components"]}
    Draft202012Validator(schema).validate(documents.EXAMPLES[name])


def test_every_operation_has_an_example_and_names_its_refusals(described):
    """Nobody has to try out what comes back."""
    for title, said in operations(described):
        assert said["responses"]["200"]["content"]["application/json"]["examples"], title
        refusals = {int(status) for status in said["responses"]} - {200}
        assert {403, 413, 421, 422, 500, 503} <= refusals, title
        assert refusals <= set(TITLES)
        assert all(list(said["responses"][str(status)]["content"]) == [PROBLEM] for status in refusals)


def test_the_example_of_a_decision_is_taken(client, described):
    """As it stands in the document."""
    body = described["paths"]["/api/metrics/{metric_id}/verification"]["patch"]["requestBody"]
    example = body["content"]["application/json"]["examples"]["tune"]["value"]
    assert client.decide(**example).status_code == 200


def test_the_page_needs_no_other_host_and_no_script(client, described):
    """It works in a cellar, and each problem's type leads to its line."""
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert re.findall(r'(?:href|src)="(?!#)([^"]+)"', page.text) == ["/api/docs.css", "/api/openapi.json"]
    assert client.get("/api/docs.css").headers["content-type"].startswith("text/css")
    for title, _ in operations(described):
        assert f"<code>{title}</code>" in page.text
    for status in TITLES:
        assert f'id="status-{status}"' in page.text


def test_what_people_read_about_refusals_is_complete():
    """docs/api.md has a line for each status."""
    from tests.test_docs import read

    missing = [status for status in TITLES if not re.search(rf"^\|[^|]*\b{status}\b", read("docs/api.md"), re.MULTILINE)]
    assert missing == []


def test_nobody_needs_a_token_for_the_document(place):
    """It tells nothing of the workspace."""
    away = Client(make_app(place), base_url="http://127.0.0.1", client=("192.0.2.7", 1))
    assert away.get("/api/openapi.json").status_code == 200
    assert away.get("/api/docs").status_code == 200
