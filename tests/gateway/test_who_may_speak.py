"""Who may speak at the gateway: strangers learn nothing and use nothing up; a sender speaks for what is its own."""

import base64
import hashlib
import json
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.stack import free_port, senders_file
from models.audit import Action
from models.dossier import LegStage
from models.events import EVENT_MEDIA_TYPE
from models.facts import FactRefusal
from simulator.authority import Authority
from tests.gateway.test_gateway import PDF, agency, consent, householder, problem
from tests.integration.system import ROOT, System, running_system, system_settings
from trust.senders import Key, RegisteredSender, for_training, new_secret

HERE, ELSEWHERE = "01", "79"
PROXY, FLOODER = "127.0.0.9", "127.0.0.3"
METRICS_PORT = free_port()

_DAY = timedelta(days=1)
_STARTED = datetime.now(UTC)
SECRETS = {name: new_secret() for name in ("expired", "leaving", "coming", "future", "certified")}
TIMES = {
    "expired": f", until = {(_STARTED - _DAY).isoformat()}",
    "leaving": f", until = {(_STARTED + _DAY).isoformat()}",
    "coming": f", from = {(_STARTED - _DAY).isoformat()}",
    "future": f", from = {(_STARTED + _DAY).isoformat()}",
}
DER = ssl.PEM_cert_to_DER_cert(Authority().root.decode())
CERTIFICATE = {"client-cert": f":{base64.b64encode(DER).decode()}:"}


def _registered(id_: str, system: str, more: str, *keys: str) -> str:
    ring = ", ".join(f'{{ secret = "{SECRETS[key]}"{TIMES.get(key, "")} }}' for key in keys)
    return f'\n[[senders]]\nid = "{id_}"\nsystem = "{system}"\n{more}\nkeys = [{ring}]\n'


def _provincial(id_: str, province: str) -> str:
    SECRETS[id_] = new_secret()
    return _registered(id_, "provincial", f'provinces = ["{province}"]', id_)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    settings = system_settings(tmp_path_factory.mktemp("system"))
    senders_file(settings).touch(mode=0o600)
    senders_file(settings).write_text(
        for_training()
        + _provincial("provincial-here", HERE)
        + _provincial("provincial-elsewhere", ELSEWHERE)
        + _registered("vneid-changing", "vneid", "", *TIMES)
        + _registered("vneid-certified", "vneid", f'certificates = ["{hashlib.sha256(DER).hexdigest()}"]', "certified")
    )
    environment = {
        "LIENTHONG_TRUSTED_PROXIES": f'["{PROXY}/32"]',
        "LIENTHONG_CLIENT_CERTIFICATE_HEADER": "Client-Cert",
        "LIENTHONG_GATEWAY_METRICS_PORT": str(METRICS_PORT),
    }
    with running_system(settings, environment=environment) as system:
        yield system


@pytest.fixture
def waiting(system: System) -> str:
    """A dossier that waits for two consents, its other agencies silent."""
    code = system.open("grandparents-home")
    for silent in ("vneid", "social_insurance"):
        system.instruct(code, silent, silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "waiting for consents")
    return code


class Event:
    """A consent of the householder, unless stated otherwise, and its ways to the gateway."""

    def __init__(self, system: System, code: str, data: dict[str, Any] | None = None, **envelope: Any) -> None:
        self._system = system
        self.id = envelope.get("id", f"test-{uuid.uuid4()}")
        data = data or consent(system, code, householder(system, code))
        event = {"specversion": "1.0", "id": self.id, "source": "vneid", "type": "vn.lienthong.vneid_consent.v1"}
        self.body = json.dumps({**event, "subject": code, "data": data, **envelope}, default=str).encode()

    def headers(self, secret: str | None = None, sender: str = "vneid", at: datetime | None = None) -> dict[str, str]:
        """Signed with that secret, or as that sender."""
        if secret is None:
            return self._system.signed(self.body, sender, self.id, at)
        key = Key.model_validate({"secret": secret})
        signer = RegisteredSender.model_validate({"id": "x", "system": "vneid", "keys": (key,)})
        return signer.signed(self.id, self.body, at or datetime.now(UTC))

    def post(self, headers: Mapping[str, str]) -> httpx.Response:
        """As it is, with these headers."""
        return self._system.post(self.body, headers=headers)


Post = Callable[..., httpx.Response]


@contextmanager
def line_from(system: System, address: str) -> Iterator[Post]:
    """Posts to the gateway from another address of this machine."""
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(transport=transport, timeout=30, headers={"content-type": EVENT_MEDIA_TYPE}) as http:
        yield lambda body, **headers: http.post(f"{system.gateway}/events", content=body, headers=headers)


def shown(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """All one sees of an answer, but the clock."""
    return answer.status_code, {**answer.headers, "date": ""}, answer.content


# --- Strangers --------------------------------------------------------------------------------------------------------


def test_strangers_all_get_one_answer_and_leave_no_trace(system: System, waiting: str) -> None:
    real, made_up = Event(system, waiting), Event(system, "G22.99.08-261119-999999", {"leg": "x"})
    unknown = Event(system, waiting, source="nobody")
    changing = Event(system, waiting, source="vneid-changing")
    unreadable = real.body.replace(b'"granted"', b'"\xff"')
    good = real.headers()
    answers = {
        "no headers": real.post({}),
        "no such dossier": made_up.post({}),
        "unknown sender": unknown.post(unknown.headers()),
        "another's key": real.post(real.headers(sender="payment")),
        "nobody's key": real.post(real.headers(new_secret())),
        "expired key": changing.post(changing.headers(SECRETS["expired"])),
        "key of tomorrow": changing.post(changing.headers(SECRETS["future"])),
        "broken signature": real.post({**good, "webhook-signature": "v1,!!!"}),
        "no timestamp": real.post({**good, "webhook-timestamp": "soon"}),
        "another id": real.post({**good, "webhook-id": "another"}),
        "changed": system.post(real.body.replace(b"granted", b"declined"), headers=good),
        "not utf-8": system.post(unreadable, headers=good),
        "not json": system.post(b"{", headers=good),
        "old and unsigned": real.post({**good, "webhook-timestamp": "1"}),
    }
    one = shown(answers["no headers"])
    assert one[0] == 401
    assert one[1]["www-authenticate"]
    assert problem(answers["no headers"])["type"] == "urn:lienthong:unauthenticated"
    assert [name for name, answer in answers.items() if shown(answer) != one] == []
    assert system.dossier(waiting).refused_facts == ()
    taken = real.post(real.headers())  # its id, used by all those strangers, is still good
    assert (taken.status_code, taken.json()["repeated"]) == (200, False)


def test_a_stranger_may_try_so_often_and_keeps_no_sender_out(system: System, waiting: str) -> None:
    event = Event(system, waiting)
    with line_from(system, FLOODER) as post:
        statuses = [post(b"{}", **{"x-forwarded-for": f"192.0.2.{n}"}).status_code for n in range(62)]
        away, large = post(b"{}"), post(b" " * 100_000)
        rightful = post(event.body, **event.headers())
    assert statuses == [401] * 60 + [429] * 2
    assert problem(away)["type"] == "urn:lienthong:too_many_requests"
    assert 1 <= int(away.headers["retry-after"]) <= 60
    assert (large.status_code, rightful.status_code) == (429, 200)
    counted = httpx.get(f"http://127.0.0.1:{METRICS_PORT}/metrics").text
    lines = [line for line in counted.splitlines() if line.startswith("lienthong_gateway_turned_away_total")]
    assert {'reason="stranger"', 'reason="stranger_too_often"'} <= {line.split("{")[1].split("}")[0] for line in lines}


# --- Keys, times, ids -------------------------------------------------------------------------------------------------


def test_while_a_key_is_changed_either_is_good(system: System, waiting: str) -> None:
    event = Event(system, waiting, source="vneid-changing")
    first = event.post(event.headers(SECRETS["leaving"]))
    second = event.post(event.headers(SECRETS["coming"]))
    assert [(one.status_code, one.json()["repeated"]) for one in (first, second)] == [(200, False), (200, True)]


def test_the_same_request_again_gets_the_same_verdict_and_an_old_one_none(system: System, waiting: str) -> None:
    event = Event(system, waiting)
    headers = event.headers()
    answers = [event.post(headers).json() for _ in range(2)]
    assert [answer["repeated"] for answer in answers] == [False, True]
    for minutes in (-6, 6):
        late = event.post(event.headers(at=datetime.now(UTC) + timedelta(minutes=minutes)))
        assert (late.status_code, problem(late)["type"]) == (401, "urn:lienthong:stale_timestamp")


def test_the_signed_id_is_the_events(system: System, waiting: str) -> None:
    event = Event(system, waiting)
    for _ in range(2):
        other = event.post(system.signed(event.body, "vneid", "another"))
        assert (other.status_code, problem(other)["type"]) == (400, "urn:lienthong:wrong_message_id")
    [refused] = system.dossier(waiting).refused_facts
    [told] = system.ledger.entries(code=waiting, what=Action.FACT_REFUSED)
    assert (refused.reason, told.who) == (FactRefusal.MALFORMED, "sender:vneid")
    assert event.id not in {refused.message_id, told.detail["message"]}
    assert event.post(event.headers()).status_code == 200


def test_an_id_that_names_somebody_of_its_message_is_not_kept(system: System, waiting: str) -> None:
    number = householder(system, waiting)
    named = Event(system, waiting, id=f"{number}-2026")
    assert problem(named.post(named.headers()))["type"] == "urn:lienthong:malformed"
    [told] = system.ledger.entries(code=waiting, what=Action.FACT_REFUSED)
    assert number not in told.detail["message"]
    assert system.ledger.standing_of(named.id) is None


# --- What is one's own ------------------------------------------------------------------------------------------------

AGENCY = {"type": "vn.lienthong.agency_event.v1"}


def expect_not_its_own(system: System, code: str, event: Event, sender: str) -> None:
    """Told so, on record, and the id is still free."""
    before = len(system.dossier(code).refused_facts)
    refused = event.post(event.headers(sender=sender))
    assert (refused.status_code, problem(refused)["type"]) == (403, "urn:lienthong:wrong_sender"), refused.text
    again = event.post(event.headers(sender=sender))
    assert (again.status_code, problem(again)) == (403, problem(refused))
    facts = system.dossier(code).refused_facts
    assert len(facts) == before + 1
    assert facts[-1].reason is FactRefusal.WRONG_SENDER
    assert event.id not in {fact.message_id for fact in facts}


def test_vneid_brings_nothing_but_consents(system: System, waiting: str) -> None:
    event = Event(system, waiting, agency(system), **AGENCY)
    expect_not_its_own(system, waiting, event, "vneid")


def test_consents_come_from_vneid_alone(system: System, waiting: str) -> None:
    forged = Event(system, waiting, source="social_insurance")
    expect_not_its_own(system, waiting, forged, "social_insurance")
    rightful = Event(system, waiting, id=forged.id)
    rightful.id = forged.id
    assert rightful.post(rightful.headers()).status_code == 200


def test_an_agency_speaks_in_its_own_name(system: System, waiting: str) -> None:
    event = Event(system, waiting, agency(system), source="residence", **AGENCY)
    expect_not_its_own(system, waiting, event, "residence")


def test_a_province_speaks_for_its_own_dossiers(system: System, waiting: str) -> None:
    data = {"at": system.now().isoformat(), "documents": [_paper()]}
    kind = {"type": "vn.lienthong.documents.v1"}
    expect_not_its_own(
        system, waiting, Event(system, waiting, data, source="provincial-elsewhere", **kind), "provincial-elsewhere"
    )
    here = Event(system, waiting, data, source="provincial-here", **kind)
    assert problem(here.post(here.headers(sender="provincial-here")))["type"] == "urn:lienthong:out_of_turn"
    nowhere = Event(system, "G22.99.08-261119-999999", data, source="provincial-here", **kind)
    assert nowhere.post(nowhere.headers(sender="provincial-here")).status_code == 404


def test_an_id_is_its_senders_own(system: System, waiting: str) -> None:
    """As CloudEvents have it: what another sender calls the same is another message, also if it came first."""
    data = {"at": system.now().isoformat(), "documents": [_paper()]}
    first = Event(system, waiting, data, source="portal", type="vn.lienthong.documents.v1")
    assert problem(first.post(first.headers(sender="portal")))["type"] == "urn:lienthong:out_of_turn"
    same = Event(system, waiting, id=first.id)
    assert same.post(same.headers(sender="vneid")).status_code == 200
    again = same.post(same.headers(sender="vneid"))
    assert (again.status_code, again.json()["repeated"]) == (200, True)


def test_a_malformed_event_leaves_its_id_for_the_same_put_right(system: System, waiting: str) -> None:
    wrong = Event(system, waiting, {"leg": "residence_registration"})
    assert problem(wrong.post(wrong.headers(sender="vneid")))["type"] == "urn:lienthong:malformed"
    right = Event(system, waiting, id=wrong.id)
    assert right.post(right.headers(sender="vneid")).status_code == 200


def _paper() -> dict[str, str]:
    return {"kind": "birth_notice", "file_name": "a.pdf", "media_type": "application/pdf", "content": PDF}


# --- Mutual TLS -------------------------------------------------------------------------------------------------------


def test_a_sender_with_a_certificate_comes_with_it_through_the_proxy(system: System, waiting: str) -> None:
    event = Event(system, waiting, source="vneid-certified")
    signed = event.headers(sender="vneid-certified")
    other = {"client-cert": f":{base64.b64encode(DER[:-1]).decode()}:"}
    assert event.post({**signed, **CERTIFICATE}).status_code == 401  # not through the proxy
    assert event.post({**signed, **CERTIFICATE, "x-forwarded-for": PROXY}).status_code == 401
    with line_from(system, PROXY) as post:
        assert post(event.body, **signed).status_code == 401
        assert post(event.body, **signed, **other).status_code == 401
        assert post(event.body, **CERTIFICATE).status_code == 401  # a certificate signs nothing
        assert post(event.body, **signed, **CERTIFICATE).status_code == 200


# --- Starting ---------------------------------------------------------------------------------------------------------


def test_the_gateway_does_not_start_with_keys_that_others_can_read(system: System, tmp_path: Path) -> None:
    shared = tmp_path / "senders.toml"
    shared.write_bytes(senders_file(system.settings).read_bytes())
    shared.chmod(0o640)
    expect_no_start(system, {"LIENTHONG_SENDERS": str(shared)}, "chmod 600")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"LIENTHONG_SENDERS": None}, "LIENTHONG_SENDERS"),
        ({"LIENTHONG_SENDERS": str(ROOT / "pyproject.toml")}, "pyproject.toml"),
        ({"LIENTHONG_CLIENT_CERTIFICATE_HEADER": None}, "vneid-certified"),
        ({"LIENTHONG_TRUSTED_PROXIES": None}, "LIENTHONG_TRUSTED_PROXIES"),
    ],
    ids=["none", "not one", "certificates nobody looks at", "no proxy"],
)
def test_the_gateway_does_not_start_without_knowing_who_may_speak(
    system: System, changes: dict[str, str | None], said: str
) -> None:
    expect_no_start(system, changes, said)


def expect_no_start(system: System, changes: Mapping[str, str | None], said: str) -> None:
    """With these changes to its environment it ends at once and says why, in one line."""
    environment = {**system.stack.environment(), "LIENTHONG_GATEWAY_METRICS_PORT": "0", **changes}
    ended = subprocess.run(
        [sys.executable, "gateway.py"],
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == 2, ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert said in ended.stderr
    assert not [secret for secret in SECRETS.values() if secret in ended.stderr]
