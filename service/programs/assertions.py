"""What a city's portal signs for a citizen (RFC 7523): this unit, in this case or estate, now, once.

The portal has seen who the citizen is and which unit is theirs. Nothing of it is believed that is not
signed by a key of the portal's own set, with an algorithm of the settings' list, for this service
alone; and nothing of the citizen is kept.
"""

import hashlib
import warnings
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, InvalidPayloadError, JoseError, SecurityWarning
from joserfc.jwk import Key
from pydantic import AllowInfNan, Field, Strict, StringConstraints, ValidationError

from models.values.base import Carried, Value
from models.values.refusal import refusal
from proof.canonical import framed
from runtime.settings import Settings
from service.programs.public_keys import PortalKeys

log = structlog.get_logger("portal")

LONGEST = timedelta(minutes=5)
"""No assertion is good for longer."""
LEEWAY = timedelta(seconds=60)
"""So far the portal's clock may be off."""
_LONGEST_TOKEN = 8 * 1024
_LAST_MOMENT = 10**11
Seconds = Annotated[float, Strict(), AllowInfNan(False), Field(ge=0, le=_LAST_MOMENT)]
"""A NumericDate (RFC 7519): seconds since 1970."""
Named = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class PortalClaims(Carried):
    """What an assertion says: of a unit in one case (`renovation_id`), or in an estate (`estate_id`).

    `sub` is the portal's name for the citizen; it is asked for and forgotten.
    """

    iss: Named
    sub: Named
    aud: Named | tuple[Named, ...]
    exp: Seconds
    iat: Seconds
    nbf: Seconds | None = None
    jti: Named
    renovation_id: Named | None = None
    estate_id: Named | None = None
    unit_number: Named

    @property
    def silent(self) -> str:
        """The claim that is missing, or one too many; "" where it is of a case or of an estate."""
        if self.renovation_id is None and self.estate_id is None:
            return "renovation_id"
        return "" if self.renovation_id is None or self.estate_id is None else "estate_id"


class Vouched(Value):
    """A unit that the portal vouches for, until it is used; `id` is of issuer and `jti`."""

    id: str
    renovation_id: str = ""
    estate_id: str = ""
    unit_number: str
    issued_at: datetime
    expires_at: datetime

    def must_be_for(self, renovation_id: str, unit_number: str) -> None:
        """An assertion is for one unit in one case.

        Raises:
            Refused: `assertion.other_case`, `credential.other_unit`.
        """
        if self.renovation_id != renovation_id:
            raise refusal("assertion.other_case")
        self._must_hold(unit_number)

    def must_be_of(self, estate_id: str, unit_number: str) -> None:
        """What is done in an estate, before a case or beside it, is vouched for in that estate.

        Raises:
            Refused: `assertion.other_estate`, `credential.other_unit`.
        """
        if self.estate_id != estate_id:
            raise refusal("assertion.other_estate")
        self._must_hold(unit_number)

    def _must_hold(self, unit_number: str) -> None:
        if self.unit_number != unit_number:
            raise refusal("credential.other_unit", where="unit_number", unit=unit_number)


async def vouched(settings: Settings, keys: PortalKeys, token: str, now: datetime) -> Vouched:
    """What an assertion vouches for, everything about it checked but whether it was used.

    Raises:
        Refused: `assertion.…`; `credential.wrong` for what is no assertion at all.
    """
    if settings.portal_issuer is None:
        raise refusal("assertion.no_portal")
    algorithm, kid = _header(token)
    if algorithm not in settings.portal_algorithms:
        raise refusal("assertion.algorithm", algorithms=", ".join(settings.portal_algorithms))
    claims = _signed(token, await keys.find(kid), algorithm)
    if claims.iss != settings.portal_issuer:
        raise refusal("assertion.issuer")
    if claims.aud not in (settings.address, (settings.address,)):
        # One that is for others too could have been caught by them.
        raise refusal("assertion.audience", audience=settings.address)
    begins, ends = _moment(claims.iat), _moment(claims.exp)
    if ends + LEEWAY <= now:
        raise refusal("assertion.expired")
    if max(begins, _moment(claims.nbf or 0)) > now + LEEWAY:
        raise refusal("assertion.too_early")
    if not timedelta(0) < ends - begins <= LONGEST:
        raise refusal("assertion.too_long", minutes=int(LONGEST.total_seconds() // 60))
    if claims.silent:
        raise refusal("assertion.claims", claim=claims.silent)
    named = framed(b"gongjian/assertion", claims.iss.encode(), claims.jti.encode())
    return Vouched(
        id=hashlib.sha256(named).hexdigest(),
        renovation_id=claims.renovation_id or "",
        estate_id=claims.estate_id or "",
        unit_number=claims.unit_number,
        issued_at=begins,
        expires_at=ends + LEEWAY,
    )


def _header(token: str) -> tuple[str, str]:
    """The algorithm and the name of the key, as whoever sent it says."""
    if len(token) > _LONGEST_TOKEN:
        raise refusal("credential.wrong")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError, KeyError):
        raise refusal("credential.wrong") from None
    return str(header.get("alg", "")), str(header.get("kid", ""))


def _signed(token: str, key: Key, algorithm: str) -> PortalClaims:
    """The claims, if this key has signed them with this algorithm."""
    try:
        key.check_use("sig")
        key.check_alg(algorithm)
        key.check_key_op("verify")
        with warnings.catch_warnings():
            # RFC 9864 has another name for EdDSA; what most libraries write is taken for years yet.
            warnings.simplefilter("ignore", SecurityWarning)
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        return PortalClaims.model_validate(claims)
    except BadSignatureError:
        raise refusal("assertion.signature") from None
    except (ValidationError, InvalidPayloadError) as error:
        wrong = error.errors()[0]["loc"][:1] if isinstance(error, ValidationError) else ()
        raise refusal("assertion.claims", claim=str(wrong[0]) if wrong else "-") from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        # A key of another kind than the algorithm wants, or one for another purpose.
        log.warning("assertion_refused", reason=type(error).__name__)
        raise refusal("assertion.key") from None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
