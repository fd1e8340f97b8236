"""Who is the same owner: the key of a set of owners, and namesakes that may be two people."""

import hashlib
import hmac
import json
import re
import unicodedata

_GAP_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])[\s·•・‧∙･⋅●▪˙.．]+(?=[\u3400-\u9fff])")
"""Blanks, and the dot of a transcribed name in all of its spellings: 买买提·阿卜杜拉 is one name in each."""

_BLANK_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def owner_key(owners: tuple[str, ...], ids: tuple[str, ...] = ()) -> str:
    """SHA-256 of the exact set of owners: {A} is not {A, B}, and the order does not matter.

    Names are compared without the blanks, widths and cases in which the same name gets written.
    Whoever has a list of names can compute it: it is for comparing within one process, and what
    is stored is `stored_owner_key` of it.
    """
    return _key({*zip(map(name_key, owners), ids or ("",) * len(owners), strict=True)})


def owner_key_before(owners: tuple[str, ...], ids: tuple[str, ...] = ()) -> str:
    """As `owner_key` was while the dot of a transcribed name counted: rolls frozen then hold such keys."""
    names = (" ".join(unicodedata.normalize("NFKC", owner).split()) for owner in owners)
    plain = (_BLANK_IN_CHINESE.sub("", name).casefold() for name in names)
    return _key({*zip(plain, ids or ("",) * len(owners), strict=True)})


def _key(people: set[tuple[str, str]]) -> str:
    return hashlib.sha256(_ENCODER.encode(sorted(people)).encode()).hexdigest()


def stored_owner_key(key: str, secret: bytes) -> str:
    """The key of a set of owners as the database has it: HMAC-SHA256, useless without the secret.

    The same owners have the same key, so heads can be counted; a reader of the database with a
    list of names cannot find out who they are.
    """
    return hmac.digest(secret, key.encode(), "sha256").hex()


def name_key(name: str) -> str:
    """A name as it is compared; only ever hashed, never shown."""
    if name.isascii():
        return " ".join(name.split()).casefold()
    text = " ".join(unicodedata.normalize("NFKC", name).split())
    return _GAP_IN_CHINESE.sub("", text).casefold()
