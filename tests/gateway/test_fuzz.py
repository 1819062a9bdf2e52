"""The published contract, fuzzed: whatever it allows and much it does not, signed and unsigned: no 5xx, no 2xx unmeant.

Signed events are of their rightful senders, but of dossiers that are not: none of them may be taken.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import missing_required_header, positive_data_acceptance

from gateway import create_app
from models.events import EVENT_MEDIA_TYPE, EventType
from models.senders import MAY_SEND
from tests.integration.system import System, running_system, system_settings

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
PUBLISHED = create_app(cast(Any, None), cast(Any, None)).openapi()
contract = schemathesis.openapi.from_dict(PUBLISHED)

_A_CODE = re.compile(r"[A-Za-z0-9._:/+-]{1,80}")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    environment = {"LIENTHONG_STRANGER_REQUESTS_PER_MINUTE": "1000000"}
    settings = system_settings(tmp_path_factory.mktemp("system"))
    with running_system(settings, environment=environment, worker=False) as system:
        yield system


def test_it_is_the_contract_that_is_published(system: System) -> None:
    assert system.http.get(f"{system.gateway}/openapi.json").json() == json.loads(json.dumps(PUBLISHED))


@contract.parametrize()
@FEW
def test_strangers_find_nothing(system: System, case: Case[Any]) -> None:
    answer = case.call(base_url=system.gateway)
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])
    if case.operation.path == "/events" and case.method == "POST":
        assert answer.status_code in (401, 415)


@contract.include(path="/events", method="POST").parametrize()
@FEW
def test_what_is_signed_is_judged(system: System, case: Case[Any]) -> None:
    body, sender, id_ = _by_its_sender(case.body)
    headers = {"content-type": EVENT_MEDIA_TYPE, **system.signed(body, sender, id_)}
    answer = system.http.request(case.method, f"{system.gateway}/events", content=body, headers=headers)
    case.validate_response(answer, excluded_checks=[positive_data_acceptance, missing_required_header])
    assert answer.status_code in ((400, 403, 404, 409, 422) if case.method == "POST" else (405,)), answer.text


def _by_its_sender(body: Any) -> tuple[bytes, str, str]:
    """The event as a sender of such events would send it, who that is, and its id, if it can be one."""
    sender, id_ = "portal", "x"
    if isinstance(body, dict):
        type_ = body.get("type")
        systems = MAY_SEND.get(EventType(type_), ()) if type_ in list(EventType) else ()
        sender = min(systems, default=sender)
        body = {**body, "source": sender}
        if isinstance(body.get("id"), str) and _A_CODE.fullmatch(body["id"]):
            id_ = body["id"]
    return json.dumps(body, default=str).encode(), sender, id_
