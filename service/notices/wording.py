"""What a notice says: its sentence in the language of whoever gets it, with moments and money in words."""

from collections.abc import Mapping

from pydantic import JsonValue

from runtime.language.moments import CHINESE, local_moment, read_moment
from runtime.language.sentences import phrase

FEN = 100
NO_TITLES: Mapping[str, str] = {}
PROVISIONAL, BODY, SMS = "notice_line.provisional", "notice_line.body", "notice_line.sms"
ROOMS: Mapping[str, str] = {
    "stage": "stage",
    "state": "state",
    "outcome": "outcome",
    "who": "role",
    "reply": "suggestion_outcome",
    "decision": "decision",
    "ground": "ground",
    "subject": "publication_subject",
    "stopped_by": "webhook_error",
}
"""Parameters that the record calls by a word, and the room of the catalogue that has it."""


def text_of(
    template: str,
    params: Mapping[str, JsonValue],
    language: str,
    zone: str,
    titles: Mapping[str, str] = NO_TITLES,
) -> str:
    """The sentence of a notice; it has no secret, so it may go anywhere that its reader named.

    `titles` are those of the works of the case, by their ids.
    """
    words = {name: _word(name, value, language, zone) for name, value in params.items()}
    if "item" in words:
        words["item"] = titles.get(words["item"], words["item"])
    said = _said(f"notice.{template}", language, words)
    if params.get("provisional"):
        said += ("" if language == CHINESE else " ") + _said(PROVISIONAL, language, {})
    return said


def _said(code: str, language: str, words: Mapping[str, str]) -> str:
    return phrase(code, language, words) or code


def _word(name: str, value: JsonValue, language: str, zone: str) -> str:
    if isinstance(value, int) and name.endswith("_fen"):
        yuan, fen = divmod(value, FEN)
        return f"{yuan:,}.{fen:02d}"
    if not isinstance(value, str):
        return str(value)
    moment = read_moment(value)
    if moment is not None:
        return local_moment(moment, language, zone)
    if name == "what":
        return _named("wait", value.partition(".")[0], language).rstrip("：: ")
    if name == "who":
        several = "、" if language == CHINESE else ", "
        return several.join(_named("role", each, language) for each in value.split(", "))
    return _named(ROOMS[name], value, language) if name in ROOMS else value


def _named(room: str, name: str, language: str) -> str:
    """In words; what the record calls by an English name is that, without its underscores."""
    return (phrase(f"{room}.{name}", language, {}) or name).replace("_", " ")


def audience_of(audience: str, language: str) -> str:
    """Whom a notice is for, in words."""
    found = phrase(f"audience.{audience}", language, {})
    return found or phrase(f"role.{audience}", language, {}) or audience


def subject_of(title: str, text: str) -> str:
    """The subject of an e-mail: the case, and how the sentence begins."""
    longest = 80
    line = " ".join(f"[{title}] {text}".split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def body_of(text: str, title: str, address: str, language: str) -> str:
    """The text of an e-mail or a letter around the sentence: for which case, where to read on."""
    return _said(BODY, language, {"title": title, "address": address, "text": text})


def sms_of(text: str, title: str, language: str) -> str:
    """A short message: who writes, and the sentence; never an address with a secret."""
    return _said(SMS, language, {"title": title, "text": text})
