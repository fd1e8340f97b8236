"""Who is the same owner: the key of a set of owners, and namesakes that may be two people."""

import hashlib
import hmac
import re
import unicodedata
from json.encoder import encode_basestring

_GAP_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])[\s·•・‧∙･⋅●▪˙.．]+(?=[\u3400-\u9fff])")
"""Blanks, and the dot of a transcribed name in all of its spellings: 买买提·阿卜杜拉 is one name in each."""

_PLAIN = re.compile(r"[\u3400-\u9fff0-9]+")
"""Nothing in it that is written in several ways."""
_BLANK_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


def owner_key(owners: tuple[str, ...], ids: tuple[str, ...] = ()) -> str:
    """SHA-256 of the exact set of owners: {A} is not {A, B}, and the order does not matter.

    Names are compared without the blanks, widths and cases in which the same name gets written.
    Whoever has a list of names can compute it: it is for comparing within one process, and what
    is stored is `stored_owner_key` of it.
    """
    return key_of(people_of(owners, ids))


def people_of(owners: tuple[str, ...], ids: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    """The owners of a unit as they are compared: (name, number), the number "" where there is none."""
    if len(owners) == 1:
        return {(name_key(owners[0]), ids[0] if ids else "")}
    return {*zip(map(name_key, owners), ids or ("",) * len(owners), strict=True)}


def key_of(people: set[tuple[str, str]]) -> str:
    """`owner_key` of a set of owners."""
    pairs = [
        f"[{encode_basestring(name)},{encode_basestring(number)}]"
        for name, number in sorted(people)
    ]
    return hashlib.sha256(f"[{','.join(pairs)}]".encode()).hexdigest()


def owner_key_before(owners: tuple[str, ...], ids: tuple[str, ...] = ()) -> str:
    """As `owner_key` was while the dot of a transcribed name counted: rolls frozen then hold such keys."""
    names = (" ".join(unicodedata.normalize("NFKC", owner).split()) for owner in owners)
    plain = (_BLANK_IN_CHINESE.sub("", name).casefold() for name in names)
    return key_of({*zip(plain, ids or ("",) * len(owners), strict=True)})


def stored_owner_key(key: str, secret: bytes) -> str:
    """The key of a set of owners as the database has it: HMAC-SHA256, useless without the secret.

    The same owners have the same key, so heads can be counted; a reader of the database with a
    list of names cannot find out who they are.
    """
    return hmac.digest(secret, key.encode(), "sha256").hex()


def name_key(name: str) -> str:
    """A name as it is compared; only ever hashed, never shown."""
    if _PLAIN.fullmatch(name):
        return name
    if name.isascii():
        return " ".join(name.split()).casefold()
    text = " ".join(unicodedata.normalize("NFKC", name).split())
    return _GAP_IN_CHINESE.sub("", text).casefold()
