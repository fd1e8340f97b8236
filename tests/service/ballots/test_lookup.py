"""A voter finds the own ballot: before the close that it was taken, afterwards its proof."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proof.merkle import PackedTree, included, inclusion_path, leaf_hash, root_of
from proof.receipts import SignedReceipt, check_receipt
from proof.signing import signed_by
from runtime.database import Database
from tests.service.ballots.test_voting import ballot, bearer, cast
from tests.support.box import open_box
from tests.support.votes.closing import close_and_count

Make = Callable[..., Awaitable[str]]


@pytest.fixture
async def voted(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection
) -> tuple[str, str, list[dict[str, object]]]:
    """A box with five ballots, the first two of the same unit; renovation, box, receipts."""
    rid = await renovation()
    box = await open_box(sql, rid)
    units = ["1-101", "1-101", "1-102", "1-201", "1-202"]
    receipts = [
        (await cast(http, rid, ballot(f"{rid}-{number}", unit=unit))).json()
        for number, unit in enumerate(units)
    ]
    return rid, box, receipts


async def test_a_receipt_holds_by_the_published_rule(voted: tuple[str, str, list[dict]]) -> None:
    _, _, receipts = voted
    for each in receipts:
        receipt = SignedReceipt.model_validate(each)
        check_receipt(receipt, signed_by, receipt.public_key)


async def test_before_the_close_it_says_that_it_was_taken_and_nothing_else(
    http: httpx.AsyncClient, voted: tuple[str, str, list[dict]]
) -> None:
    rid, _, receipts = voted
    found = (await http.get(f"/v1/renovations/{rid}/ballots/{receipts[2]['code']}")).json()
    assert (found["state"], found["leaf_hash"]) == ("taken", receipts[2]["leaf_hash"])
    assert (found["choices"], found["index"], found["path"]) == (None, None, [])
    assert [datetime.fromisoformat(found[name]) for name in ("cast_at", "recorded_at")] == [
        datetime.fromisoformat(str(receipts[2][name])) for name in ("cast_at", "recorded_at")
    ]


async def test_after_the_close_the_path_leads_to_the_signed_root(
    http: httpx.AsyncClient, database: Database, voted: tuple[str, str, list[dict]]
) -> None:
    rid, box, receipts = voted
    head = (await close_and_count(database, box)).head
    states = []
    for number, each in enumerate(receipts):
        found = (
            await http.get(
                f"/v1/renovations/{rid}/ballots/{each['code'].lower()}",
                headers=bearer(rid, str(each["unit_number"])),
            )
        ).json()
        path = [bytes.fromhex(sister) for sister in found["path"]]
        leaf, root = bytes.fromhex(each["leaf_hash"]), bytes.fromhex(str(head["root"]))
        assert found["index"] == number
        assert included(leaf, number, int(str(head["tree_size"])), path, root)
        assert found["tree_head"] == head
        states.append((found["state"], found["choices"]))
    assert states == [("superseded", None)] + [("counted", {"works": "yes"})] * 4


async def test_households_that_found_their_ballot_are_counted_once(
    http: httpx.AsyncClient, database: Database, voted: tuple[str, str, list[dict]]
) -> None:
    rid, box, receipts = voted
    path = f"/v1/renovations/{rid}/ballots/{receipts[2]['code']}/verified"
    early = await http.post(path, headers=bearer(rid, "1-102"))
    assert early.json()["code"] == "voting.not_counted"
    await close_and_count(database, box)
    for _ in range(2):
        answer = await http.post(path, headers=bearer(rid, "1-102"))
        assert (answer.json()["households"], answer.json()["verified"]) == (4, 1)
    assert (await http.get(f"/v1/renovations/{rid}/verification")).json()["verified"] == 1


async def test_who_has_only_the_published_codes_cannot_push_the_counter_up(
    http: httpx.AsyncClient, database: Database, voted: tuple[str, str, list[dict]]
) -> None:
    rid, box, receipts = voted
    await close_and_count(database, box)
    path = f"/v1/renovations/{rid}/ballots/{receipts[2]['code']}/verified"
    assert (await http.post(path)).status_code == 401
    other = await http.post(path, headers=bearer(rid, "1-201"))
    assert (other.status_code, other.json()["code"]) == (403, "voting.ballot_of_another")


async def test_a_code_that_no_ballot_has_is_refused_with_what_was_expected(
    http: httpx.AsyncClient, voted: tuple[str, str, list[dict]]
) -> None:
    rid, _, _ = voted
    unknown = await http.get(f"/v1/renovations/{rid}/ballots/0000-0000-0000")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "voting.ballot_unknown")
    nonsense = await http.get(f"/v1/renovations/{rid}/ballots/hello")
    assert (nonsense.status_code, nonsense.json()["code"]) == (422, "receipt.code")


async def test_the_qr_code_is_an_image_without_anything_remote(
    http: httpx.AsyncClient, voted: tuple[str, str, list[dict]]
) -> None:
    rid, _, receipts = voted
    answer = await http.get(f"/v1/renovations/{rid}/ballots/{receipts[0]['code']}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert "href" not in answer.text


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_a_packed_tree_is_the_same_tree(data: list[bytes]) -> None:
    leaves = [leaf_hash(each) for each in data]
    packed = PackedTree(b"".join(leaves))
    assert packed.root() == root_of(leaves)
    assert [packed.path(at) for at in range(len(leaves))] == [
        inclusion_path(leaves, at) for at in range(len(leaves))
    ]
