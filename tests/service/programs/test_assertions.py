"""A portal's assertion: for one unit in one case, by its own keys, for this service, for minutes, once."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from models.values.refusal import Refused
from runtime.settings import Settings
from service.programs.assertions import vouched
from service.programs.public_keys import KEPT_S, PAUSE_S, PortalKeys
from tests.support.box import open_box
from tests.support.channels import Channels, code, grant_roles, owner_of
from tests.support.votes.portal import (
    ACTOR,
    AUDIENCE,
    KEY,
    claims_for,
    encoded,
    public_keys,
    signed,
    to_sign,
)

Make = Callable[..., Awaitable[str]]
UNIT = "1-101"


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    return Channels(http, sql, rid, await open_box(sql, rid))


async def shown(
    vote: Channels, token: str, unit: str = UNIT, command_id: str = ""
) -> httpx.Response:
    """A ballot with this assertion."""
    header = {"Authorization": f"Bearer {token}"}
    body: dict[str, Any] = {"unit_number": unit, "choices": {"works": "yes"}}
    return await vote.post("/portal-ballots", header, command_id, **body)


def by_hand(claims: dict[str, Any], sign: Callable[[bytes], bytes], **header: Any) -> str:
    said = to_sign({"typ": "JWT", **header}, claims)
    return f"{said}.{encoded(sign(said.encode()))}"


def hmac_with(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda said: hmac.digest(secret, said, hashlib.sha256)


PUBLIC_RAW = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OTHERS = ec.generate_private_key(ec.SECP256R1())


def es256(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    def sign(said: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(said, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def jwk_of(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    x, y = (encoded(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y}


FORGED: dict[str, tuple[Callable[[dict[str, Any]], str], str]] = {
    "no signature": (
        lambda said: f"{to_sign({'alg': 'none', 'kid': 'p1'}, said)}.",
        "assertion.algorithm",
    ),
    "no signature, spelled otherwise": (
        lambda said: f"{to_sign({'alg': 'nOnE', 'kid': 'p1'}, said)}.",
        "assertion.algorithm",
    ),
    "the public key as a secret": (
        lambda said: by_hand(said, hmac_with(PUBLIC_RAW), alg="HS256", kid="p1"),
        "assertion.algorithm",
    ),
    "the public key's file as a secret": (
        lambda said: by_hand(said, hmac_with(PUBLIC_PEM), alg="HS256", kid="p1"),
        "assertion.algorithm",
    ),
    "an HMAC that calls itself a signature": (
        lambda said: by_hand(said, hmac_with(PUBLIC_RAW), alg="EdDSA", kid="p1"),
        "assertion.signature",
    ),
    "another algorithm than the key's": (
        lambda said: by_hand(said, es256(OTHERS), alg="ES256", kid="p1"),
        "assertion.key",
    ),
    "a key of nobody": (
        lambda said: by_hand(said, es256(OTHERS), alg="ES256", kid="p2"),
        "assertion.key",
    ),
    "no name of a key": (lambda said: by_hand(said, KEY.sign, alg="EdDSA"), "assertion.key"),
    "a key that it brings itself": (
        lambda said: by_hand(said, es256(OTHERS), alg="ES256", kid="p1", jwk=jwk_of(OTHERS, "p1")),
        "assertion.key",
    ),
    "an address of keys that it brings itself": (
        lambda said: by_hand(
            said, es256(OTHERS), alg="ES256", kid="x", jku="https://attacker.example/keys"
        ),
        "assertion.key",
    ),
    "an extension that nobody knows": (
        lambda said: by_hand(said, KEY.sign, alg="EdDSA", kid="p1", crit=["exp"], exp=1),
        "assertion.key",
    ),
    "other claims under a true signature": (
        lambda said: ".".join(
            (
                to_sign({"alg": "EdDSA", "kid": "p1"}, said),
                signed({**said, "unit_number": "1-102"}).rpartition(".")[2],
            )
        ),
        "assertion.signature",
    ),
    "no object": (
        lambda _said: by_hand([1], KEY.sign, alg="EdDSA", kid="p1"),  # type: ignore[arg-type]
        "assertion.claims",
    ),
    "no JWT": (lambda _said: "a.b.c", "credential.wrong"),
    "endless": (lambda said: signed({**said, "sub": "x" * 9000}), "credential.wrong"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_what_the_portal_has_not_signed_casts_nothing(vote: Channels, name: str) -> None:
    forge, wanted = FORGED[name]
    answer = await shown(vote, forge(claims_for(vote.rid, UNIT)))
    assert code(answer) == (401, wanted)
    assert await vote.ballots() == []


class After(int):
    """So many seconds after now, whenever that is."""


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "for another service": ({"aud": "https://other.example"}, "assertion.audience"),
    "for others too": ({"aud": [AUDIENCE, "https://other.example"]}, "assertion.audience"),
    "for a path below": ({"aud": f"{AUDIENCE}/"}, "assertion.audience"),
    "for nobody": ({"aud": []}, "assertion.audience"),
    "for whoever": ({"aud": None}, "assertion.claims"),
    "by another": ({"iss": "https://portal.example.org"}, "assertion.issuer"),
    "over": ({"iat": After(-600), "exp": After(-400)}, "assertion.expired"),
    "of a time to come": ({"iat": After(1800), "exp": After(2000)}, "assertion.too_early"),
    "not yet": ({"nbf": After(1800)}, "assertion.too_early"),
    "for too long": ({"exp": After(3600)}, "assertion.too_long"),
    "backwards": ({"iat": After(20), "exp": After(10)}, "assertion.too_long"),
    "for ever": ({"exp": None}, "assertion.claims"),
    "never over": ({"exp": float("nan")}, "assertion.claims"),
    "far away": ({"exp": 10**30}, "assertion.claims"),
    "a yes for a time": ({"exp": True}, "assertion.claims"),
    "written as a text": ({"exp": "1900000000"}, "assertion.claims"),
    "of no time": ({"iat": None}, "assertion.claims"),
    "without a name": ({"jti": None}, "assertion.claims"),
    "with an empty name": ({"jti": ""}, "assertion.claims"),
    "half a letter": ({"jti": "\ud800"}, "assertion.claims"),
    "of no citizen": ({"sub": None}, "assertion.claims"),
    "for no unit": ({"unit_number": None}, "assertion.claims"),
    "for no case": ({"renovation_id": None}, "assertion.claims"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_signed_but_says_something_else_casts_nothing(
    vote: Channels, name: str
) -> None:
    wrong, wanted = WRONG[name]
    now = int(time.time())
    other = {
        claim: now + value if isinstance(value, After) else value for claim, value in wrong.items()
    }
    answer = await shown(vote, signed(claims_for(vote.rid, UNIT, **other)))
    assert code(answer) == (401, wanted)
    assert await vote.ballots() == []


async def test_it_is_for_one_unit_in_one_case(vote: Channels) -> None:
    token = signed(claims_for(vote.rid, UNIT))
    assert code(await shown(vote, token, "1-102")) == (403, "credential.other_unit")
    elsewhere = signed(claims_for("another-case", UNIT))
    assert code(await shown(vote, elsewhere)) == (403, "assertion.other_case")
    assert await vote.ballots() == []
    # Neither has used it up.
    assert (await shown(vote, token)).status_code == 201


async def test_it_is_used_once(vote: Channels) -> None:
    token = signed(claims_for(vote.rid, UNIT))
    first = await shown(vote, token, command_id="p1")
    assert first.status_code == 201
    assert code(await shown(vote, token, command_id="p1")) == (401, "assertion.used")
    # The same claims under another signature are the same assertion.
    claims = claims_for(vote.rid, UNIT, jti="once")
    assert (await shown(vote, signed(claims))).status_code == 201
    assert code(await shown(vote, signed({**claims, "sub": "x"}))) == (401, "assertion.used")
    # The same ballot again comes with another assertion.
    again = await shown(vote, signed(claims_for(vote.rid, UNIT)), command_id="p1")
    assert (again.status_code, again.json()["ballot_id"]) == (200, first.json()["ballot_id"])


async def test_what_another_library_has_signed_is_taken_too(
    vote: Channels,
) -> None:
    """PyJWT makes the assertion, as a portal would; it casts a ballot, and once."""
    token = jwt.encode(claims_for(vote.rid, UNIT), KEY, "EdDSA", headers={"kid": "p1"})
    assert (await shown(vote, token, command_id="c-pyjwt")).status_code == 201
    again = await shown(vote, token, command_id="c-pyjwt-2")
    assert code(again) == (401, "assertion.used")
    forged = jwt.encode(claims_for(vote.rid, UNIT), "x" * 64, "HS256", headers={"kid": "p1"})
    assert code(await shown(vote, forged)) == (401, "assertion.algorithm")


async def test_of_one_assertion_shown_by_many_at_once_one_casts(vote: Channels) -> None:
    token = signed(claims_for(vote.rid, UNIT))
    answers = await asyncio.gather(*(shown(vote, token) for _ in range(16)))
    assert sorted(code(each)[0] for each in answers) == [201, *[401] * 15]
    assert len(await vote.ballots()) == 1


async def test_what_is_long_over_is_forgotten_and_nothing_of_the_citizen_is_kept(
    vote: Channels,
) -> None:
    count = "SELECT count(*) FROM private.used_assertion"
    await vote.sql.execute("DELETE FROM private.used_assertion")
    await shown(vote, signed(claims_for(vote.rid, UNIT, sub="citizen-zhang", jti="jti-of-zhang")))
    everything = await vote.everything()
    assert "zhang" not in everything
    await vote.sql.execute("UPDATE private.used_assertion SET expires_at = now() - interval '1 s'")
    await shown(vote, signed(claims_for(vote.rid, UNIT)))
    assert await vote.sql.fetchval(count) == 1


async def test_without_its_role_the_portal_casts_nothing(vote: Channels) -> None:
    end = "UPDATE role_grant SET valid_until = {} WHERE actor_id = $1"
    await vote.sql.execute(end.format("now()"), ACTOR)
    answer = await shown(vote, signed(claims_for(vote.rid, UNIT)))
    await vote.sql.execute(end.format("NULL"), ACTOR)
    assert code(answer) == (403, "credential.no_role")


async def test_after_a_sale_what_was_signed_for_the_seller_casts_nothing(vote: Channels) -> None:
    before = signed(claims_for(vote.rid, UNIT))
    row = await vote.sql.fetchrow(
        "SELECT entry_id FROM roll_unit WHERE box_id=$1 AND unit_number=$2", vote.box, UNIT
    )
    await vote.sql.execute(
        "INSERT INTO owner_replacement (renovation_id, unit_number, generation, box_id, entry_id,"
        " shared, buyer_key, registered_on, evidence, up_to_seq, replaced_by, command_id, recorded_at)"
        " VALUES ($1, $2, 1, $3, $4, false, $5, '2026-05-12', 'deed', 0, 'committee', $6, now())",
        vote.rid, UNIT, vote.box, row["entry_id"], "0" * 64, f"{vote.rid}-sale",
    )  # fmt: skip
    await vote.sql.execute(
        "INSERT INTO unit_access (renovation_id, unit_number, version) VALUES ($1, $2, 1)",
        vote.rid, UNIT,
    )  # fmt: skip
    await vote.sql.execute(
        "UPDATE roll_unit SET credential_version = 1 WHERE box_id=$1 AND unit_number=$2",
        vote.box, UNIT,
    )  # fmt: skip
    assert code(await shown(vote, before)) == (403, "credential.replaced")
    # The seller's ticket neither; what is signed when the sale is a while ago casts.
    seller = owner_of(vote.rid, UNIT)
    body: dict[str, Any] = {"unit_number": UNIT, "choices": {"works": "no"}}
    assert code(await vote.post("/ballots", seller, **body)) == (403, "credential.replaced")
    await vote.sql.execute("ALTER TABLE owner_replacement DISABLE TRIGGER USER")
    await vote.sql.execute(
        "UPDATE owner_replacement SET recorded_at = now() - interval '1 hour'"
        " WHERE renovation_id=$1",
        vote.rid,
    )
    await vote.sql.execute("ALTER TABLE owner_replacement ENABLE TRIGGER USER")
    assert (await shown(vote, signed(claims_for(vote.rid, UNIT)))).status_code == 201


# The portal's keys


@asynccontextmanager
async def serving_keys(answer: Callable[[], bytes]) -> AsyncIterator[tuple[str, list[str]]]:
    """An HTTP server with these bytes as its answer; what it was asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/jwks.json", asked


def http_answer(body: bytes, status: str = "200 OK", header: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{header}\r\n"
    return head.encode() + body


async def refused(keys: PortalKeys, kid: str) -> str:
    with pytest.raises(Refused) as caught:
        await keys.find(kid)
    return caught.value.problems[0].code


async def test_keys_are_read_at_an_address_and_read_again_when_the_portal_has_new_ones() -> None:
    now = [0.0]
    published = [public_keys()]
    async with serving_keys(lambda: http_answer(json.dumps(published[0]).encode())) as (url, asked):
        keys = PortalKeys(url, lambda: now[0])
        await keys.find("p1")
        await keys.find("p1")
        assert len(asked) == 1
        # However many unknown names are sent, the portal is asked once in a while.
        for kid in ("p2", "p3", "p4"):
            assert await refused(keys, kid) == "assertion.key"
        assert len(asked) == 1
        now[0] += PAUSE_S + 1
        published[0] = {"keys": [jwk_of(OTHERS, "p2")]}
        await keys.find("p2")
        assert await refused(keys, "p1") == "assertion.key"
        # A key that the portal takes back is good for minutes at most.
        published[0] = {"keys": []}
        now[0] += KEPT_S + 1
        assert await refused(keys, "p2") == "assertion.keys_away"


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(b"", "500 Internal Server Error"),
        http_answer(b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"),
        http_answer(b"not json"),
        http_answer(b"[]"),
        http_answer(b" " * 300_000),
        b"",
    ],
)
async def test_a_portal_that_answers_otherwise_opens_nothing(answer: bytes) -> None:
    async with serving_keys(lambda: answer) as (url, _):
        assert await refused(PortalKeys(url), "p1") == "assertion.keys_away"


async def test_a_secret_among_the_public_keys_is_no_key() -> None:
    secret = {"kty": "oct", "kid": "s1", "k": encoded(b"0" * 32)}
    broken = {"kty": "RSA", "kid": "b1", "n": "!", "e": "AQAB"}
    body = json.dumps({"keys": [secret, broken, *public_keys()["keys"]]}).encode()
    async with serving_keys(lambda: http_answer(body)) as (url, _):
        keys = PortalKeys(url)
        await keys.find("p1")
        assert await refused(keys, "s1") == "assertion.key"
        assert await refused(keys, "b1") == "assertion.key"


async def test_away_is_said_where_no_key_could_be_read(tmp_path: Any) -> None:
    assert await refused(PortalKeys(str(tmp_path / "none.json")), "p1") == "assertion.keys_away"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "Ed25519"])
async def test_assertions_of_other_kinds_of_keys_are_taken(algorithm: str) -> None:
    """Made with the primitives of `cryptography`, read by the library of the service."""
    made = rsa.generate_private_key(65537, 2048)
    numbers = made.public_key().public_numbers()
    n = encoded(numbers.n.to_bytes(256, "big"))
    jwk, sign = {
        "RS256": (
            {"kty": "RSA", "kid": "k", "n": n, "e": "AQAB", "alg": "RS256"},
            lambda said: made.sign(said, PKCS1v15(), hashes.SHA256()),
        ),
        "ES256": (jwk_of(OTHERS, "k"), es256(OTHERS)),
        "Ed25519": ({**public_keys()["keys"][0], "kid": "k"}, KEY.sign),
    }[algorithm]
    body = json.dumps({"keys": [jwk]}).encode()
    async with serving_keys(lambda: http_answer(body)) as (url, _):
        settings = Settings(
            database_url="postgresql://x/y",
            credential_key="0f" * 32,
            receipt_key="1e" * 32,
            portal_issuer="https://portal.example",
            portal_jwks=url,
        )
        token = by_hand(claims_for("r1", UNIT), sign, alg=algorithm, kid="k")
        found = await vouched(settings, PortalKeys(url), token, datetime.now(UTC))
        assert (found.renovation_id, found.unit_number) == ("r1", UNIT)
        # The key says for which algorithm it is.
        if algorithm == "RS256":
            other = by_hand(claims_for("r1", UNIT), sign, alg="PS256", kid="k")
            with pytest.raises(Refused) as caught:
                await vouched(settings, PortalKeys(url), other, datetime.now(UTC))
            assert caught.value.problems[0].code == "assertion.key"
