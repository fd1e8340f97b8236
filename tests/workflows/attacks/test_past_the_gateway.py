"""Whoever reaches Temporal's port and knows all names, but has not the gateway's key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.client import WorkflowUpdateFailedError

from models.messages.acts import CancelRenovation, Done
from models.messages.command import Seal
from models.messages.ids import renovation_workflow_id
from models.values.actor import ENGINE, Actor, Role
from models.values.refusal import Refused
from proof.commands import act_hash, command_key
from proof.seals import FRESH, GatewayKeys, statement
from runtime.record.audit import AuditReport, audit
from runtime.seals import ActSigner
from service.delivery import refusal_in
from service.identity.operator import BreakGlass, break_glass
from service.situation import load_situation
from tests.support.journey import STREET, JourneyDriver
from tests.support.signed.driver import SignedDriver
from tests.support.signed.keys import GATEWAY_PUBLIC, SIGNER
from tests.support.signed.seconded import seconded

MAYOR = Actor(id="mayor", role=Role.STREET_OFFICE, label="Mayor Wang, entirely invented", place="d")


async def signed(journey: Any) -> SignedDriver:
    driver: SignedDriver = await journey(SignedDriver)
    return driver


def cancel(actor: Actor, command_id: str, seal: Seal | None = None) -> CancelRenovation:
    return CancelRenovation(command_id=command_id, actor=actor, reason="because", seal=seal)


def sealed(
    act: CancelRenovation, rid: str, *, signer: ActSigner = SIGNER, at: datetime | None = None
) -> CancelRenovation:
    seal = signer.seal(rid, act.name, act_hash(act), act.actor, act.command_id)
    if at is not None:
        said = statement(rid, act.name, act_hash(act), act.actor, act.command_id, at)
        seal = seal.model_copy(update={"at": at, "signature": signer._signer.sign(said).hex()})
    return act.model_copy(update={"seal": seal})


async def straight_to_temporal(driver: JourneyDriver, act: CancelRenovation) -> str:
    """Send the update as `temporal workflow update execute` does; the code of its refusal, "" for done."""
    handle = driver.client.get_workflow_handle(renovation_workflow_id(driver.rid))
    try:
        await handle.execute_update(act.name, act, id=act.command_id, result_type=Done)
    except WorkflowUpdateFailedError as error:
        refused = refusal_in(error.cause)
        assert refused is not None
        return refused.problems[0].code
    return ""


async def report(driver: JourneyDriver) -> AuditReport:
    keys = GatewayKeys.read(GATEWAY_PUBLIC)
    return await audit(driver.parts.database, driver.rid, gateway=keys)


async def test_mayor_wang_cancels_nothing(journey: Any) -> None:
    driver = await signed(journey)
    await driver.until("open_vote")
    before = await driver.seq()
    assert await straight_to_temporal(driver, cancel(MAYOR, "m1")) == "act.unsigned"
    engine = cancel(ENGINE, f"{renovation_workflow_id(driver.rid)}#cancel")
    assert await straight_to_temporal(driver, engine) == "act.unsigned"
    own_key = ActSigner(driver.key())
    assert await straight_to_temporal(
        driver, sealed(cancel(MAYOR, "m2"), driver.rid, signer=own_key)
    ) == ("act.signature_wrong")
    assert await driver.seq() == before
    await driver.until("ballots")


async def test_a_signature_is_good_for_one_act_one_person_one_case_and_some_minutes(
    journey: Any,
) -> None:
    driver, other = await signed(journey), await signed(journey)
    await driver.until("open_vote")
    await driver.official(STREET)
    given = sealed(cancel(STREET, "s1"), other.rid)
    assert await straight_to_temporal(driver, given) == "act.signature_wrong"
    given = sealed(cancel(STREET, "s2"), driver.rid)
    changed = [
        given.model_copy(update={"reason": "another"}),
        given.model_copy(update={"actor": MAYOR}),
        given.model_copy(update={"command_id": "s3"}),
    ]
    for each in changed:
        assert await straight_to_temporal(driver, each) == "act.signature_wrong"
    late = sealed(cancel(STREET, "s4"), driver.rid, at=datetime.now(UTC) - 2 * FRESH)
    assert await straight_to_temporal(driver, late) == "act.signature_stale"
    early = sealed(
        cancel(STREET, "s5"), driver.rid, at=datetime.now(UTC) + FRESH + timedelta(hours=1)
    )
    assert await straight_to_temporal(driver, early) == "act.signature_stale"
    # Signed and fresh, and nobody has confirmed it: the activity that writes refuses it.
    assert await straight_to_temporal(driver, given) == "act.no_second"
    of_two = sealed(cancel(STREET, command_key(STREET.id, driver.rid, "p1")), driver.rid)
    fields: dict[str, JsonValue] = {"reason": "something else"}
    await seconded(driver.parts.database, driver.rid, of_two.name, fields, STREET.id, "p1")
    assert await straight_to_temporal(driver, of_two) == "act.no_second"
    of_two = sealed(cancel(STREET, command_key(STREET.id, driver.rid, "p2")), driver.rid)
    fields = {"reason": of_two.reason}
    await seconded(driver.parts.database, driver.rid, of_two.name, fields, STREET.id, "p2")
    assert await straight_to_temporal(driver, of_two) == ""
    assert (await report(driver)).ok


async def test_a_signed_act_of_somebody_who_lost_the_role_is_not_written(journey: Any) -> None:
    driver = await signed(journey)
    await driver.until("open_vote")
    assert await straight_to_temporal(driver, sealed(cancel(MAYOR, "g1"), driver.rid)) == (
        "authority.not_granted"
    )


async def test_the_audit_names_acts_that_who_has_the_database_put_there(journey: Any) -> None:
    """Without a signature, with the one of another act, and in the name of somebody who had no role then."""
    driver = await signed(journey)
    await driver.until("open_vote")
    await driver.official(STREET)
    of_two = sealed(cancel(STREET, command_key(STREET.id, driver.rid, "c1")), driver.rid)
    fields: dict[str, JsonValue] = {"reason": of_two.reason}
    await seconded(driver.parts.database, driver.rid, of_two.name, fields, STREET.id, "c1")
    assert await straight_to_temporal(driver, of_two) == ""
    assert (await report(driver)).ok
    rid = driver.rid
    rows = await driver.db.fetch(
        "SELECT seq, signature FROM event WHERE renovation_id=$1 AND signature IS NOT NULL ORDER BY seq",
        rid,
    )
    first, last = rows[0], rows[-1]
    assert first["seq"] < last["seq"]

    async def put(signature: str | None) -> list[tuple[int, str]]:
        await driver.db.execute("ALTER TABLE event DISABLE TRIGGER USER")
        try:
            await driver.db.execute(
                "UPDATE event SET signature=$3 WHERE renovation_id=$1 AND seq=$2",
                rid,
                last["seq"],
                signature,
            )
        finally:
            await driver.db.execute("ALTER TABLE event ENABLE TRIGGER USER")
        found = await report(driver)
        assert found.ok is not bool(found.bad_acts)
        return [(each.seq, each.reason) for each in found.bad_acts]

    assert await put(None) == [(last["seq"], "unsigned")]
    assert await put(first["signature"]) == [(last["seq"], "signature_wrong")]
    assert await put(last["signature"]) == []
    until = "UPDATE role_grant SET valid_until={} WHERE actor_id=$1"
    await driver.db.execute(until.format("valid_from"), STREET.id)
    try:
        found = await report(driver)
    finally:
        await driver.db.execute(until.format("NULL"), STREET.id)
    assert (last["seq"], "not_granted") in [(each.seq, each.reason) for each in found.bad_acts]


async def test_a_broken_glass_opens_its_own_kind_of_act_for_minutes(journey: Any) -> None:
    """What nobody does alone the operator does, named so in the record, and nothing of it is left over."""
    driver = await signed(journey)
    await driver.until("open_vote")
    database, rid, gateway = driver.parts.database, driver.rid, driver.parts.gateway
    journal = driver.parts.journal
    name = CancelRenovation.name
    asked = BreakGlass(
        act="correct_renovation", role=Role.STREET_OFFICE, reason="nobody is left", account="op"
    )
    actor = await break_glass(journal, await load_situation(database, rid), "g0", asked)
    with pytest.raises(Refused, match=r"act\.no_second"):
        await gateway.send(rid, name, {"reason": "because"}, actor, "g1")
    asked = asked.model_copy(update={"act": name})
    await break_glass(journal, await load_situation(database, rid), "g2", asked)
    over = (
        "UPDATE role_grant SET valid_until = valid_until %s interval '1 hour' WHERE actor_id = $1"
    )
    await driver.db.execute(over % "-", actor)
    with pytest.raises(Refused, match=r"credential\.no_role|authority\."):
        await gateway.send(rid, name, {"reason": "because"}, actor, "g3")
    await driver.db.execute(over % "+", actor)
    await gateway.send(rid, name, {"reason": "because"}, actor, "g4")
    kinds = await driver.events()
    assert kinds.count("operator.broke_glass") == 2
    assert "renovation.cancelled" in kinds
    assert (await report(driver)).ok
