"""What a form of a page sends: read once, and only from our own pages.

A form of somebody who has signed in carries the form token of the session; a form of nobody does not,
and comes from our pages too.
"""

import hmac
from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.requests import Request

from models.values.refusal import Problem, refusal
from service.identity.browser import form_token, refuse_foreign_page

MOST_FIELDS = 500
LONGEST_FIELD = 1024 * 1024
FORM_TOKEN = "form_token"  # noqa: S105 - the name of the field


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
        Refused: `credential.foreign_page`, `credential.form_token`.
    """
    refuse_foreign_page(request.headers, address)
    form = await request.form(max_fields=MOST_FIELDS, max_files=files, max_part_size=longest)
    given = str(form.get(FORM_TOKEN, "")).encode()
    if session and not hmac.compare_digest(given, form_token(session).encode()):
        raise refusal("credential.form_token")
    return form


def texts(form: FormData) -> Mapping[str, str]:
    """The fields that are texts, without the form's own token; of a name sent twice the last."""
    return {
        name: value
        for name, value in form.multi_items()
        if isinstance(value, str) and name != FORM_TOKEN
    }


def at_fields(problems: tuple[Problem, ...], fields: Mapping[str, str]) -> tuple[Problem, ...]:
    """The problems with the names of the form's fields: `fields` says the last part of `where` by them.

    A problem of no field of the form is said at none.
    """
    return tuple(each.model_copy(update={"where": fields.get(each.where, "")}) for each in problems)
