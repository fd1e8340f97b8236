"""Pages from templates: the one Jinja environment, and the answer with its headers."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from models.values.refusal import Problem, problem
from models.values.timetable import Timetable
from runtime.language import amounts
from runtime.language.citations import cited
from runtime.language.moments import on_clock
from runtime.language.sentences import awaited, sentence
from service.identity.browser import form_token
from service.pages import wording
from service.pages.display import Display, Language, display_of

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Scripts, styles and pictures of this site in files of their own; forms go to this site alone."""
ZONE = Timetable().zone
"""Of pages that are of no case."""
OF_FIELDS = frozenset(
    {"service.field_missing", "service.field_wrong", "service.field_unknown", "form.fill_in"}
)
KINDS = {"css": "text/css", "js": "text/javascript"}


def page(
    request: Request,
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    zone: str = ZONE,
    session: str = "",
    problems: Iterable[Problem] = (),
) -> Response:
    """A page. `zone` is that of the case's place, `session` the token whose form token its forms carry.

    `problems` are said in the error summary, each with a link to its field, and at the field.
    """
    shown = display_of(request)
    said = Said(shown, zone)
    asked = {
        "t": said.text,
        "cited": said.cited,
        "money": said.money,
        "percent": amounts.percent,
        "area": amounts.area,
        "day": said.day,
        "moment": said.moment,
        "end": said.end,
        "awaited_words": said.awaited,
        **MARKS[shown.language]._asdict(),
        "look": shown,
        "here": quote(request.url.path),
        "form_token": form_token(session) if session else "",
        "static": static_address,
        **values,
    }
    errors = tuple(on_clock(each, zone) for each in problems)
    body = _rendered(template, asked, errors, shown.language)
    placed = tuple(_on_page(each, body) for each in errors)
    if placed != errors:
        body = _rendered(template, asked, placed, shown.language)
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": shown.tag,
        "Vary": "Accept-Language, Cookie",
        # With "no-referrer" browsers send forms with the origin "null", which is nobody's page.
        "Referrer-Policy": "same-origin",
    }
    return Response(body, status, headers, "text/html; charset=utf-8")


class Marks(NamedTuple):
    """What stands between two pieces of a sentence, with the gap that its script has after it."""

    comma: str
    stop: str
    colon: str
    gap: str


MARKS: Mapping[Language, Marks] = {
    "en": Marks(", ", ". ", ": ", " "),
    "zh_CN": Marks("，", "。", "：", ""),
}


class Said:
    """Texts, amounts and moments in one language and one place."""

    def __init__(self, display: Display, zone: str) -> None:
        self._language, self._zone = display.language, zone

    def text(self, code: str, **params: str | int) -> str:
        """A text of the pages."""
        return wording.text(code, self._language, params)

    def awaited(self, what: str) -> str:
        """What somebody is waited for."""
        return awaited(what, self._language)

    def cited(self, article: str) -> str:
        """The source of a rule as the language cites it."""
        return cited(article, self._language)

    def money(self, fen: int) -> str:
        """An amount in yuan."""
        return amounts.money(fen, self._language)

    def day(self, moment: datetime | date) -> Markup:
        """A day, with its machine form for readers of the page."""
        return self._time(moment, amounts.day(moment, self._language, self._zone))

    def moment(self, moment: datetime) -> Markup:
        """A day and an hour."""
        return self._time(moment, amounts.clock_time(moment, self._language, self._zone))

    def end(self, moment: datetime) -> Markup:
        """The end of a period."""
        return self._time(moment, amounts.end_time(moment, self._language, self._zone))

    def _time(self, moment: datetime | date, written: str) -> Markup:
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), written)


def static_address(name: str) -> str:
    """The address of a style or a script; it changes with the file, so that browsers may keep it."""
    return f"/static/{_digest(name)}/{name}"


@cache
def static_file(name: str) -> bytes | None:
    """A file of the pages by its name, None where there is none."""
    known = {path.name: path for path in (HERE / "static").iterdir()}
    return known[name].read_bytes() if name in known else None


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rendered(
    template: str, asked: Mapping[str, object], errors: tuple[Problem, ...], language: Language
) -> str:
    told = dict.fromkeys((each.where, sentence(_placeless(each), language)) for each in errors)
    return (
        _environment()
        .get_template(template)
        .render(errors=tuple(told), error_at=dict(reversed(told)), **asked)
    )


def _on_page(found: Problem, body: str) -> Problem:
    """A problem as the page can say it: at its field, if the page shows that field.

    What is wrong in a field that it does not show is the page's own: it was changed on its way, or is older
    than the service.
    """
    if not found.where or f'id="{escape(found.where)}"' in body:
        return found
    if found.code in OF_FIELDS:
        return problem("form.page_changed")
    return found.model_copy(update={"where": ""})


def _placeless(found: Problem) -> Problem:
    """The page shows a sentence at its field: it need not name the field once more."""
    return found.model_copy(update={"where": ""})
