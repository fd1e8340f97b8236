"""The attacks, against a running stack of the commit; each says what came of it, on a line of JSON.

Run by `tests.attacks_before` in that commit's tree, which is the only one on the path: what is imported by name is
of that tree.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import asyncpg
from pydantic import SecretStr
from temporalio.client import Client

DATA, NAMED = Path(sys.argv[1]), frozenset(sys.argv[2:])
"""The stack's directory, and which attacks are played: all where none is named."""
STACK = json.loads((DATA / "stack.json").read_text())
KEYS = json.loads((DATA / "keys.json").read_text())
MAYOR = {
    "id": "mayor",
    "role": "street_office",
    "label": "Mayor Wang, entirely invented",
    "place": "370702/370702900",
}
SLOW, SLOW_S = 60, 40
READERS = 60
HEADER = 25 * 1024 * 1024
Play = Callable[[str], Awaitable[str]]


def gongjian(*words: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-P", "-m", "cli.main", *words, "--data", str(DATA))
    return subprocess.run(command, capture_output=True, text=True, check=False)


def opened(title: str, thief: str = "") -> str:
    """A renovation of its own, from the example with other ids; its id."""
    text = Path("docs/examples/estate.yaml").read_text()
    text = text.replace("示例里小区老旧小区改造", title).replace("示例里小区 / Example Lane", title)
    if thief:
        text = text.replace("id: street-1", f"id: {thief}")
    folder = DATA / title
    folder.mkdir(exist_ok=True)
    (folder / "roll.csv").write_bytes(Path("docs/examples/roll.csv").read_bytes())
    # A day of the case lasts a second: long enough for what one does in an open vote.
    (folder / "estate.yaml").write_text(text.replace('day_s: "0.25"', 'day_s: "1"'))
    told = gongjian("start", str(folder / "estate.yaml"))
    assert told.returncode == 0, told.stderr
    return told.stdout.split()[1]


def post(path: str, credential: str, **body: object) -> tuple[int, dict[str, object]]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {credential}"}
    asked = urllib.request.Request(
        STACK["service_url"] + path, json.dumps(body).encode(), headers, method="POST"
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}


async def mayor_cancels(rid: str) -> str:
    client = await Client.connect(STACK["temporal_address"], namespace=STACK["temporal_namespace"])
    handle = client.get_workflow_handle(f"renovation/{rid}")
    act = {"command_id": "mayor-1", "actor": MAYOR, "reason": "because"}
    await handle.execute_update("cancel_renovation", act, id="mayor-1")
    named = "entirely invented" in gongjian("history", rid, "--json").stdout
    clean = gongjian("audit", rid).returncode == 0
    assert named
    assert clean
    return "done; the history has that name, the audit is content"


async def reads_what_officials_write(rid: str) -> str:
    secret = f"a reason that nobody else should read {rid}"
    told = gongjian(
        "act", rid, "cancel-renovation", "--as", "street-1", "--field", f"reason={secret}"
    )
    assert told.returncode == 0, told.stderr
    client = await Client.connect(STACK["temporal_address"], namespace=STACK["temporal_namespace"])
    history = await client.get_workflow_handle(f"renovation/{rid}").fetch_history()
    assert any(secret.encode() in event.SerializeToString() for event in history.events)
    return "an official's reason is in clear in Temporal's history"


async def acts_as_anybody(rid: str) -> str:
    told = gongjian("act", rid, "open-vote", "--as", "committee-1")
    assert told.returncode == 0, told.stderr
    history = gongjian("history", rid, "--json").stdout
    assert "committee-1" in history
    return "done without any credential, recorded like the person's own act"


async def file_makes_a_street_office(rid: str) -> str:
    opened(f"thief-{time.time_ns()}", thief="thief")
    told = gongjian(
        "act", rid, "cancel-renovation", "--as", "thief", "--field", "reason=a file made me one"
    )
    assert told.returncode == 0, told.stderr
    return "a start file made its author a street office, who cancelled another estate's case"


def credential_of(kind: str, *names: object) -> str:
    made = getattr(import_module("service.credentials"), f"{kind}_credential")
    return str(made(SecretStr(KEYS["credential_key"]), *names))


def voters() -> list[str]:
    """The units that vote: those of the developer do not."""
    lines = Path("docs/examples/roll.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.partition(",")[0] for line in lines if not line.endswith("是")]


async def open_vote(rid: str) -> str:
    """One official calls the vote; the day of the case on which its box is open."""
    told = gongjian("act", rid, "open-vote", "--as", "committee-1")
    assert told.returncode == 0, told.stderr
    for _ in range(600):
        with urllib.request.urlopen(f"{STACK['service_url']}/v1/renovations/{rid}") as answer:
            view = json.load(answer)
        box = view.get("box") or {}
        # The box has its moments by the wall; the case has a clock that runs faster.
        if box and datetime.now(UTC) >= datetime.fromisoformat(box["opens_at"]):
            return str(view["case_now"])[:10]
        await asyncio.sleep(0.1)
    raise AssertionError("the vote did not open")


async def invents_mandates(rid: str) -> str:
    await open_vote(rid)
    official, cast = credential_of("actor", "committee-1"), 0
    units = voters()
    for number, unit in enumerate(units):
        status, made = post(
            f"/v1/renovations/{rid}/mandates",
            official,
            command_id=f"fake-{rid}-{number}",
            unit_number=unit,
            agent_name=f"Nobody {number}",
            agent_identity=f"ID-FAKE-{number:06}",
            motions=["works", "costs"],
            document="folder 1",
            valid_from="2020-01-01T00:00:00Z",
            valid_until="2040-01-01T00:00:00Z",
        )
        if status != 201:
            continue  # of an owner of two homes one mandate is enough
        status, _ = post(
            f"/v1/renovations/{rid}/proxy-ballots",
            str(made["credential"]),
            command_id=f"cast-{rid}-{number}",
            choices={"works": "yes", "costs": "yes"},
        )
        cast += status == 201
    assert cast >= len(units) - 1, (cast, len(units))
    return (
        f"{cast} of {cast} owners were voted for by one official with mandates of invented agents"
    )


async def sells_a_home(rid: str) -> str:
    today = await open_vote(rid)
    unit, seller = "1-102", credential_of("voter", rid, "1-102")
    status, made = post(
        f"/v1/renovations/{rid}/replacements",
        credential_of("actor", "committee-1"),
        command_id=f"sale-{rid}",
        unit_number=unit,
        seller_names=["示例钱二"],
        buyer_names=["Nobody at all"],
        registered_on=today,
        evidence="a sale that never happened",
    )
    assert status == 201, (status, made)
    choices = {"works": "yes", "costs": "yes"}
    status, _ = post(
        f"/v1/renovations/{rid}/ballots",
        str(made["credential"]),
        command_id=f"bought-{rid}",
        unit_number=unit,
        choices=choices,
    )
    assert status == 201, status
    status, _ = post(
        f"/v1/renovations/{rid}/ballots",
        seller,
        command_id=f"sold-{rid}",
        unit_number=unit,
        choices=choices,
    )
    assert status == 403, status
    status, _ = post(
        f"/v1/renovations/{rid}/tickets",
        seller,
        command_id=f"ticket-{rid}",
        unit_number=unit,
        kind="complaint",
        text="I have sold it",
    )
    assert status in {200, 201}, status
    return (
        "one official's sale votes, the owner does not; the replaced credential still files tickets"
    )


async def names_complainants(rid: str) -> str:
    unit = "1-101"
    status, _ = post(
        f"/v1/renovations/{rid}/tickets",
        credential_of("voter", rid, unit),
        command_id=f"named-{rid}",
        unit_number=unit,
        kind="complaint",
        text="the neighbour",
    )
    assert status in {200, 201}, status
    with urllib.request.urlopen(f"{STACK['service_url']}/v1/renovations/{rid}/events") as answer:
        record = answer.read().decode()
    assert f"unit:{unit}" in record
    return "the record that anybody reads says which home has complained"


def superuser() -> str:
    """The superuser's address of the database, as the stack's own directory has it."""
    access = json.loads((DATA / "postgres" / "access.json").read_text())
    address = STACK["database_url"].rpartition("@")[2]
    return f"postgresql://postgres:{access['admin_password']}@{address}"


async def superuser_rewrites(rid: str) -> str:
    script = str(Path(__file__).with_name("rewrite.py"))
    done = subprocess.run(
        (sys.executable, "-P", script, str(DATA), rid, superuser()),
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    history = gongjian("history", rid, "--json").stdout
    assert "somebody else" in history
    assert gongjian("audit", rid).returncode == 0
    return "an event rewritten with chain and head made anew: the audit is content"


async def floods_tickets(rid: str) -> str:
    letters = gongjian("credentials", rid, "--out", str(DATA / "letters.csv"))
    assert letters.returncode == 0, letters.stderr
    unit = (DATA / "letters.csv").read_text().splitlines()[1].split(",")[0]
    made = import_module("service.credentials").voter_credential
    credential = made(SecretStr(KEYS["credential_key"]), rid, unit)
    taken, begun = 0, time.monotonic()
    for number in range(40):
        status, _ = post(
            f"/v1/renovations/{rid}/tickets",
            credential,
            command_id=f"flood-{rid}-{number}",
            unit_number=unit,
            kind="complaint",
            text=f"{number}",
        )
        taken += status in {200, 201}
    assert taken == 40, taken
    return f"40 of 40 tickets of one unit in {time.monotonic() - begun:.1f} s"


async def cancelled_case_takes_tickets(rid: str) -> str:
    told = gongjian("act", rid, "cancel-renovation", "--as", "street-1", "--field", "reason=over")
    assert told.returncode == 0, told.stderr
    await asyncio.sleep(2)
    return await floods_tickets(rid)


async def nul_in_a_path(_rid: str) -> str:
    with socket.create_connection(_service()) as sender:
        sender.sendall(
            b"GET /v1/renovations/a%00b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        answer = sender.recv(100)
    assert b" 500 " in answer, answer
    return "500"


async def long_header(_rid: str) -> str:
    with socket.create_connection(_service()) as sender:
        sender.settimeout(60)
        sender.sendall(b"GET /v1/renovations HTTP/1.1\r\nHost: x\r\nX-Long: ")
        for _ in range(HEADER // 65_536):
            sender.sendall(b"x" * 65_536)
        sender.sendall(b"\r\nConnection: close\r\n\r\n")
        answer = sender.recv(100)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return "a header of 25 MiB is read and answered with 200"


async def slow_connections(_rid: str) -> str:
    opened_ones = [socket.create_connection(_service()) for _ in range(SLOW)]
    for each in opened_ones:
        each.sendall(b"POST /v1/renovations HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    await asyncio.sleep(SLOW_S)
    still = 0
    for each in opened_ones:
        each.settimeout(0.01)
        try:
            still += each.recv(1) != b""
        except TimeoutError:
            still += 1
        each.close()
    assert still == SLOW, still
    return f"{still} of {SLOW} half heads are open after {SLOW_S} s"


async def readers_have_it_counted_each_time(rid: str) -> str:
    """What holds up other cases where there are many ballots: each reader has all of them counted."""
    await open_vote(rid)
    sql = await asyncpg.connect(superuser())
    counted = "SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'ballot'"
    before, grown = await sql.fetchval(counted), 0
    for _ in range(READERS):
        with urllib.request.urlopen(f"{STACK['service_url']}/v1/renovations/{rid}/turnout") as seen:
            assert seen.status == 200
    for _ in range(30):  # the database's own figures come some seconds later
        await asyncio.sleep(0.5)
        grown = await sql.fetchval(counted) - before
        if grown >= READERS:
            break
    await sql.close()
    assert grown >= READERS, grown
    return f"{READERS} readers of the turnout had the ballots counted {grown} times"


async def forged_tries_leave_no_line(rid: str) -> str:
    logs = DATA / "logs"
    before = {file: file.stat().st_size for file in logs.iterdir()}
    for number in range(30):
        status, _ = post(f"/v1/renovations/{rid}/tickets", f"v1.AAAA.{number:04}", command_id="x")
        assert status in {401, 422}, status
    await asyncio.sleep(1)
    grown = b"".join(file.read_bytes()[before.get(file, 0) :] for file in logs.iterdir())
    assert b"credential" not in grown
    assert b"401" not in grown
    return "30 forged credentials leave no line in any log"


def _service() -> tuple[str, int]:
    host, _, port = STACK["service_url"].partition("//")[2].partition(":")
    return host, int(port)


PLAYS: dict[str, Play] = {
    "forged update at Temporal's port": mayor_cancels,
    "reading Temporal's histories": reads_what_officials_write,
    "acting as anybody by the command line": acts_as_anybody,
    "a start file that gives its author a role": file_makes_a_street_office,
    "one official's mandates of invented agents": invents_mandates,
    "one official's sale, and the seller after it": sells_a_home,
    "the record that anybody reads": names_complainants,
    "the superuser rewrites an event": superuser_rewrites,
    "one unit's flood of tickets": floods_tickets,
    "tickets into a cancelled case": cancelled_case_takes_tickets,
    "readers of the turnout": readers_have_it_counted_each_time,
    "NUL in a path": nul_in_a_path,
    "a header of 25 MiB": long_header,
    "slow connections": slow_connections,
    "forged credentials": forged_tries_leave_no_line,
}


async def main() -> None:
    for number, (name, play) in enumerate(PLAYS.items()):
        if NAMED and name not in NAMED:
            continue
        rid = opened(f"case-{number}-{time.time_ns()}")
        try:
            came = await play(rid)
        except Exception as error:  # noqa: BLE001 - one that fails is told, the next one is played
            came = f"NOT SHOWN: {type(error).__name__}: {error}"
        print(json.dumps({"attack": name, "outcome": came}), flush=True)


asyncio.run(main())
