"""`show`: what is written about a case, as whoever asks may read it; `estates`: which there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.inputs import not_together
from cli.output import Commands, show, tell, write_file
from cli.people.own import own_requests
from cli.people.requests import ServiceRequests, anybody, in_name_of, only_able, zone_of
from cli.people.session_file import load_sessions, own_sessions, service_of
from cli.people.tickets import read_ticket
from cli.reading.sheets import SHEETS, Listing
from cli.reading.shown import sheet_lines
from cli.servers import DATA, local_settings
from cli.words import Language, said, speak
from models.values.refusal import refusal
from rules.disclosure.readers import Circle, roles_in

Data = Annotated[Path | None, DATA]
Credential = Annotated[
    Path | None,
    typer.Option(
        "--credential",
        metavar="FILE",
        help="As a home: a file with the unit's ticket alone; - is standard input.",
    ),
]
As = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Who reads, where several are signed in here.")
]
Service = Annotated[
    str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
]
After = Annotated[str, typer.Option(help="What comes after the last line of the page before.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
MOST = 100
ONE = ("survey", "settlement")
"""What is one thing and no list."""
estates = Commands(
    help="Estates and places: which there are; the units of one, and where these came from.",
    no_args_is_help=True,
)
EstateId = Annotated[str, typer.Argument(metavar="ESTATE", help="The id of an estate.")]
Place = Annotated[str, typer.Option(help="Below this place only, as d/s/c.")]
OF_PLACE = Listing("/v1/estates", Circle.EVERYBODY, "id name place_path units synthetic created_at")
PLACES = Listing("/v1/places", Circle.EVERYBODY, "path kind name")
UNITS = Listing(
    "units",
    Circle.HOUSEHOLD,
    "number building entrance floor kind area_dm2 shares developer excluded_reason",
)
IMPORTS = Listing(
    "roll-imports",
    Circle.OFFICIALS,
    "imported_at file_name imported_by units heads area_dm2 added changed removed",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("show")(show_thing)
    app.add_typer(estates, name="estates")


def show_thing(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    what: Annotated[str, typer.Argument(metavar="WHAT", help=f"{', '.join(SHEETS)}.")],
    *,
    credential: Credential = None,
    as_: As = "",
    after: After = "",
    limit: Limit = MOST,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instalments, payments or refunds whole, into a file."),
    ] = None,
    service: Service = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """What is written about a case, as whoever asks may read it: nobody, a home, or who is signed in here.

    Example: gongjian show r1a2 tenders
    """
    speak(language)
    sheet = sheet_named(what)
    requests = _requests(data, renovation, sheet, credential, as_, service)
    path = f"/v1/renovations/{renovation}/{sheet.path}"
    if csv is not None:
        if not sheet.as_file:
            able = ", ".join(name for name, each in SHEETS.items() if each.as_file)
            raise refusal("cases.no_such_file", where="--csv", what=what, able=able)
        not_together("--csv", ("--after", after))
        write_file(csv, requests.download(f"{path}?form=csv"))
        show({"file": str(csv)}, lambda: [str(csv)])
        return
    _show(requests, path, sheet, after, limit, renovation)


@estates.command("list")
def list_estates(
    place: Place = "",
    after: After = "",
    limit: Limit = MOST,
    service: Service = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The estates of a place and below it.

    Example: gongjian estates list --place d/s
    """
    speak(language)
    _show(anybody(data, service), OF_PLACE.path, OF_PLACE, after, limit, place=place)


@estates.command("places")
def list_places(
    place: Place = "",
    after: After = "",
    limit: Limit = MOST,
    service: Service = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The places that there are, from the district down to the grid.

    Example: gongjian estates places --place d
    """
    speak(language)
    _show(anybody(data, service), PLACES.path, PLACES, after, limit, place=place)


@estates.command("units")
def list_units(
    estate: EstateId,
    after: After = "",
    limit: Limit = MOST,
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The units of an estate as the roll has them, without owners, for who keeps it.

    Example: gongjian estates units e5f0
    """
    speak(language)
    _show(own_requests(data, as_), f"/v1/estates/{estate}/units", UNITS, after, limit)


@estates.command("imports")
def list_imports(
    estate: EstateId, as_: As = "", language: Language = "", data: Data = None
) -> None:
    """Which files the units of an estate came from, the last one first.

    Example: gongjian estates imports e5f0
    """
    speak(language)
    _show(own_requests(data, as_), f"/v1/estates/{estate}/roll-imports", IMPORTS, "", MOST)


def sheet_named(what: str) -> Listing:
    """What can be shown, by its word.

    Raises:
        Refused: `cases.nothing_named`, with the words there are.
    """
    sheet = SHEETS.get(what)
    if sheet is None:
        raise refusal("cases.nothing_named", where=what, what=what, known=", ".join(SHEETS))
    return sheet


def _requests(
    data: Path | None,
    renovation: str,
    sheet: Listing,
    credential: Path | None,
    as_: str,
    service: str,
) -> ServiceRequests:
    """In whose name it is read: the home's; whose the session is that may; else, or elsewhere, nobody's."""
    if as_:
        not_together("--as", ("--credential", credential), ("--service", service))
    home = local_settings(data).data_dir
    if credential is not None:
        return ServiceRequests(service_of(home, service), read_ticket(credential))
    here = [each for each in load_sessions(home) if each.only_case in (None, renovation)]
    if as_:
        return in_name_of(home, own_sessions(home, renovation, as_)[0])
    if service or not here or (len(here) > 1 and sheet.circle is Circle.EVERYBODY):
        return anybody(data, service)
    return only_able(home, renovation, "", sheet.path, lambda: roles_in(sheet.circle))


def _show(
    requests: ServiceRequests,
    path: str,
    sheet: Listing,
    after: str,
    limit: int,
    renovation: str = "",
    **query: str,
) -> None:
    query |= {"after": after, "limit": str(limit)} if path.rpartition("/")[2] not in ONE else {}
    found, following = requests.page(
        path, **{name: value for name, value in query.items() if value}
    )
    show(found, lambda: sheet_lines(sheet, found, zone_of(requests, renovation)))
    if following:
        tell(said("line.more", cursor=following))
