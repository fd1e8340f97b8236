"""The client against the service as it runs: its own retries, its pages, what it raises."""

import json
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import asyncpg
import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from client import Gongjian, ProblemError, UnavailableError
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from tests.service.residents.test_residents_write import instalments
from tests.support.box import open_box
from tests.support.estate import make_renovation
from tests.support.people import sign_in, token_of
from tests.support.votes.portal import assertion, portal_settings
from tests.support.votes.tickets import unit_ticket
from tests.support.waiting import PATIENCE_S

KEY, OFFICE, BANK = "0f" * 32, "client-office", "client-bank"


@pytest.fixture(scope="module")
def settings(database: Database) -> Settings:
    return Settings(
        database_url=database.url,
        credential_key=KEY,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        person_key="7e" * 32,
        temporal_address="127.0.0.1:9",
        update_timeout_s=1,
        webhooks_to_own_network=True,
        **portal_settings(),
    )


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


ROLES = {OFFICE: "street_office", BANK: "payment_provider", "city-portal": "city_portal"}


@pytest.fixture(scope="module")
async def sql(owner: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner)
    await sign_in(connection, *ROLES)
    yield connection
    await connection.close()


@pytest.fixture
async def case(database: Database, sql: asyncpg.Connection) -> str:
    rid = await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}")
    await sql.execute("DELETE FROM role_grant WHERE actor_id = ANY($1)", [*ROLES])
    await sql.executemany(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::text, $1::text, $2, 's')",
        [*ROLES.items()],
    )
    await open_box(sql, rid)
    return rid


class Weak:
    """A way to the service that loses things: `lost` has what happens to the requests to come."""

    def __init__(self, address: str) -> None:
        self.lost: list[str] = []
        self.keys: list[str] = []
        weak = self

        class Relay(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                weak.keys.append(self.headers["idempotency-key"])
                what = weak.lost.pop(0) if weak.lost else ""
                if what == "request":
                    self.close_connection = True
                    return
                named = ("authorization", "content-type", "idempotency-key")
                headers = {name: self.headers[name] for name in named}
                answer = httpx.post(
                    address + self.path, content=body, headers=headers, timeout=PATIENCE_S
                )
                if what == "answer":
                    self.close_connection = True
                    return
                self.send_response(answer.status_code)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                """Quietly."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def weak(address: str) -> Iterator[Weak]:
    way = Weak(address)
    yield way
    way.server.shutdown()
    way.server.server_close()


def ticket(case: str, unit: str = "1-101") -> str:
    return unit_ticket(SecretStr(KEY), case, unit)


async def test_a_command_is_done_once_whatever_is_lost_on_the_way(
    weak: Weak, case: str, sql: asyncpg.Connection
) -> None:
    weak.lost = ["request", "answer"]
    with Gongjian(weak.address, ticket(case), longest_pause_s=0.01) as service:
        receipt = service.vote(case, "1-101", {"works": "yes"})
    assert len(weak.keys) == 3
    assert len(set(weak.keys)) == 1
    found = await sql.fetch(
        "SELECT b.id FROM ballot b JOIN ballot_box x ON x.id = b.box_id WHERE x.renovation_id = $1",
        case,
    )
    assert [row["id"] for row in found] == [receipt.ballot_id]


def test_a_service_that_never_answers_is_told_with_the_id_to_ask_again_with(
    weak: Weak, case: str
) -> None:
    weak.lost = ["answer"] * 3
    with (
        Gongjian(weak.address, ticket(case), tries=3, longest_pause_s=0.01) as service,
        pytest.raises(UnavailableError) as lost,
    ):
        service.vote(case, "1-101", {"works": "no"}, command_id="vote-1")
    assert lost.value.command_id == "vote-1"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        there = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with (
            Gongjian(there, tries=2, longest_pause_s=0.01) as service,
            pytest.raises(UnavailableError, match="ConnectError"),
        ):
            service.progress(case)


def test_what_is_unavailable_is_a_problem_after_the_last_try(address: str, case: str) -> None:
    """No engine runs here: an act is not confirmed."""
    with (
        Gongjian(address, token_of(OFFICE), tries=2, longest_pause_s=0.01) as service,
        pytest.raises(ProblemError) as refused,
    ):
        service.act(case, "grant_subsidy", source="city", amount_fen=1, reason="more")
    assert refused.value.status in (422, 503)


def test_a_citizen_votes_and_enters_by_what_a_portal_signs(address: str, case: str) -> None:
    with Gongjian(address) as service:
        receipt = service.vote_for_citizen(
            case, "1-102", {"works": "yes"}, lambda: assertion(case, "1-102")
        )
        assert service.find_ballot(case, receipt.code).channel == "portal"
        assert service.turnout(case).participating_heads == 1
        entered = service.enter_for_citizen(case, lambda: assertion(case, "1-201"))
    with Gongjian(address, entered.ticket) as home:
        (paper,) = home.papers(case)
        assert home.vote(case, "1-201", {"works": "no"}, box=paper.id).unit_number == "1-201"
        assert home.household(case).unit_number == "1-201"


def test_a_refusal_names_the_field_and_the_request(address: str, case: str) -> None:
    with (
        Gongjian(address, ticket(case), language="zh") as service,
        pytest.raises(ProblemError) as refused,
    ):
        service.open_ticket(case, "1-101", "Not A Kind", "")
    error = refused.value
    assert (error.status, error.code, error.retry_after_s) == (422, "service.field_wrong", None)
    assert {each.where for each in error.problems} == {"kind", "text"}
    assert error.problems[0].sentence
    assert error.request_id


def test_lists_and_the_record_are_walked_to_their_end(
    address: str, case: str, database: Database
) -> None:
    with Gongjian(address, token_of(OFFICE)) as service:
        ids = [each.id for each in service.cases(place="d/s", limit=2)]
        assert case in ids
        assert len(ids) == len(set(ids))
        assert service.progress(case).stage == "voting"
        assert service.get(f"/v1/renovations/{case}/clock")["clock"] == "wall"
        events = list(service.events(case))
        fed = [each for each in service.feed(place="d/s", limit=1) if each.renovation_id == case]
        assert [each.seq for each in events] == [each.seq for each in fed]


async def test_money_is_reported_once(address: str, case: str, sql: asyncpg.Connection) -> None:
    await instalments(sql, case)
    with Gongjian(address, token_of(BANK)) as service:
        paid = [{"unit_number": "1-101", "amount_fen": 100, "reference": "t1"}]
        first, again = (service.report_payments(case, paid, command_id="day-1") for _ in range(2))
        assert first == again
    booked = await sql.fetchval("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1", case)
    assert booked == 100


def test_a_webhook_is_kept_from_its_first_message_to_its_end(address: str, case: str) -> None:
    name = f"w{uuid.uuid4().hex[:8]}"
    with Gongjian(address, token_of(OFFICE)) as service:
        made = service.add_webhook(name, "http://127.0.0.1:9/hook", "d/s")
        assert made.secret.startswith("whsec_")
        assert service.test_webhook(name).error
        assert [each.position for each in service.deliveries(name)] == [0]
        rotated = service.rotate_webhook(name, overlap_hours=1)
        assert rotated.secret not in ("", made.secret)
        assert rotated.webhook.previous_until
        assert name in [each.webhook for each in service.webhooks()]
        assert service.change_webhook(name, "ended").state == "ended"
        assert json.loads(json.dumps(service.post("/v1/contacts", {
            "channel": "email", "address": "ops@bank.example", "language": "en",
        })))  # fmt: skip


def test_a_roll_and_a_case_are_looked_at_before_they_come_in(address: str, case: str) -> None:
    rows = ["房号,楼栋,单元,楼层,面积,用途,业主", "1-101,1,1,1,60.5,住宅,示例赵"]
    roll = ("roll.csv", "\n".join(rows).encode())
    with Gongjian(address, token_of(OFFICE)) as office:
        seen = office.import_roll("Client Lane", roll, place="d/s/c/g", preview=True)
        assert (seen.imported, seen.created, seen.added) == (False, True, 1)
        estate = office.import_roll("Client Lane", roll, place="d/s/c/g").estate_id
        opened = office.open_from_template(
            estate,
            "basic",
            title="Client Lane",
            costs={"roof": 10_000_000},
            ends_on="2029-12-31",
            preview=True,
        )
        assert (opened.renovation_id, opened.units, opened.budget_fen) == ("", 1, 10_500_000)
        assert opened.calendar[0].period == "vote_notice"
        with pytest.raises(ProblemError) as refused:
            office.set_up_places([("a", "A"), ("b", "B"), ("c1", "C"), ("d1", "D")])
        assert refused.value.code == "credential.no_role"
