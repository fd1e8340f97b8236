"""What a form of a page sends: read once, and only from our own pages.

A form of somebody who has signed in carries the form token of the session; a form of nobody does not,
and comes from our pages too.
"""

import hmac
from collections.abc import Mapping

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from models.values.refusal import Problem, refusal
from service.identity.browser import form_token, refuse_foreign_page

MOST_FIELDS = 500
LONGEST_FIELD = 1024 * 1024
FORM_TOKEN = "form_token"  # noqa: S105 - the name of the field
OF_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_DIGITS = 15
"""Of a whole number in a form; what counts and pays here has fewer."""


async def own_form(
    request: Request,
    address: str,
    session: str = "",
    *,
    files: int = 0,
    longest: int = LONGEST_FIELD,
) -> FormData:
    """The fields of a form that one of our pages sent.

    `address` is the public one, `session` the token of whoever has signed in, `files` how many files it
    may carry, `longest` the bytes of a field that is no file.

    Raises:
        Refused: `credential.foreign_page`, `credential.form_token`; `form.unreadable` for what no browser
            sends of our pages.
    """
    refuse_foreign_page(request.headers, address)
    _refuse_other_body(request.headers.get("content-type", ""))
    try:
        form = await request.form(max_fields=MOST_FIELDS, max_files=files, max_part_size=longest)
    except HTTPException:
        # Too many fields or files, one that is too long, or no form at all.
        raise refusal("form.unreadable") from None
    given = str(form.get(FORM_TOKEN, "")).encode()
    if session and not hmac.compare_digest(given, form_token(session).encode()):
        await form.close()
        raise refusal("credential.form_token")
    return form


def _refuse_other_body(content_type: str) -> None:
    """Our pages are UTF-8, and so is what browsers send of them: another charset could say what is no text."""
    kind, options = parse_options_header(content_type)
    charset = options.get(b"charset", b"utf-8").lower()
    if (kind and kind.decode("latin-1") not in OF_FORMS) or charset not in {b"utf-8", b"utf8"}:
        raise refusal("form.unreadable")


def whole(given: str) -> int | None:
    """A whole number as a form's own pages write it; None for anything else."""
    plain = given.isascii() and given.isdecimal() and len(given) <= MOST_DIGITS
    return int(given) if plain else None


def texts(form: FormData) -> Mapping[str, str]:
    """The fields that are texts, without the form's own token; of a name sent twice the last."""
    return {
        name: value
        for name, value in form.multi_items()
        if isinstance(value, str) and name != FORM_TOKEN
    }


def moved(problems: tuple[Problem, ...], fields: Mapping[str, str]) -> tuple[Problem, ...]:
    """The problems at the names that the form has for its fields, where they differ from the body's."""
    return tuple(
        each.model_copy(update={"where": fields.get(each.where, each.where)}) for each in problems
    )
