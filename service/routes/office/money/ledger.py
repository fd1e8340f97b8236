"""The ledger of a case on pages: its accounts, and one with the balance after each entry."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from models.fields import ShortLine
from rules.disclosure.readers import Circle, roles_in
from runtime.privacy.access import note_access
from service.http.paging import Slice
from service.ledger.reading import AccountLine, EntryLine, list_accounts, list_entries
from service.pages.office.session import Office
from service.pages.public.money import names_of_builders
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CaseView, CurrentCase, CurrentOffice
from service.situation import Situation

router = APIRouter(prefix="/office/cases/{renovation_id}/ledger", include_in_schema=False)
MOST = 500
"""Lines of one page; the journal has all of them."""


@router.get("")
async def show_ledger(
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    account: ShortLine = "",
    after: ShortLine = "",
) -> Response:
    """The accounts with their balances, or the entries of one; it is written down who has read them."""
    await _note(parts, situation, office, account)
    accounts: Sequence[AccountLine] = ()
    entries: Sequence[EntryLine] = ()
    async with parts.database.session() as session:
        builders = await names_of_builders(session, situation)
        if account:
            number = int(after) if after.isdecimal() else 0
            part = Slice(after=(number,), limit=MOST + 1)
            entries = await list_entries(session, situation, account, part)
        else:
            kind, _, name = after.partition("/")
            part = Slice(after=(kind, name) if kind else None, limit=MOST + 1)
            accounts = await list_accounts(session, situation, part)
    shown: Sequence[AccountLine | EntryLine] = entries[:MOST] or accounts[:MOST]
    values = {
        "account": account,
        "builders": builders,
        "accounts": accounts[:MOST],
        "entries": entries[:MOST],
        "more": _place(shown[-1]) if len(entries or accounts) > MOST else "",
    }
    return view.show("ledger.html", values)


async def _note(parts: Parts, situation: Situation, office: Office, account: str) -> None:
    """Who is relieved stands in the ledger: it is for those who decide on that, and for the auditor."""
    actor = situation.in_role(office.grants, *sorted(roles_in(Circle.RELIEF)))
    await parts.database.transaction(
        lambda session: note_access(
            session,
            actor,
            "GET /office/cases/{renovation_id}/ledger",
            renovation_id=situation.id,
            subject=account,
        )
    )


def _place(line: AccountLine | EntryLine) -> str:
    """What the next page begins after."""
    return line.account if isinstance(line, AccountLine) else str(line.number)
