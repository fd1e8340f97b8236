"""Sessions that a browser keeps: the cookie, and what tells our own pages from anybody else's.

The cookie is sent with whatever a foreign page makes the browser send. So a request that changes
something must come from our own pages (`Sec-Fetch-Site`, `Origin`) and carry the session's form token,
which no foreign page can read.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import Response

from models.values.refusal import refusal

COOKIE = "__Host-gongjian"
"""With this prefix browsers take it only with Secure, for this host alone and for every path of it."""
FORM_HEADER = "x-form-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_PAGES = frozenset({"same-origin", "none"})
_FORM = b"gongjian/form\0"


def form_token(token: str) -> str:
    """What goes with every form of a session; without the session's token nobody can make it."""
    digest = hmac.digest(token.encode(), _FORM, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def keep(response: Response, token: str, seconds: int, cookie: str = COOKIE) -> None:
    """Let the browser keep a session, or what it is known by for minutes."""
    response.set_cookie(
        cookie, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )


def forget(response: Response, cookie: str = COOKIE) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(cookie, path="/", secure=True, httponly=True, samesite="lax")


def refuse_foreign_page(headers: Mapping[str, str], address: str) -> None:
    """A browser says which page sends a request; programs say nothing, and have no cookie to abuse.

    Raises:
        Refused: `credential.foreign_page`.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in OWN_PAGES:
        raise refusal("credential.foreign_page")
    if origin is not None and origin != origin_of(address):
        raise refusal("credential.foreign_page")


def refuse_forged_form(
    method: str, headers: Mapping[str, str], address: str, cookie_token: str
) -> None:
    """A request that changes something, in a browser's session: from our page, with its form token.

    Raises:
        Refused: `credential.foreign_page`, `credential.form_token`.
    """
    if method in SAFE:
        return
    refuse_foreign_page(headers, address)
    given = headers.get(FORM_HEADER, "").encode()
    if not hmac.compare_digest(given, form_token(cookie_token).encode()):
        raise refusal("credential.form_token")


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, as browsers write an origin."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def own_path(path: str) -> str:
    """A path of this site to go to after a sign-in; anything else is the front page.

    "//host", a backslash, a scheme or a control character would lead elsewhere.
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and "\\" not in path and path.isprintable() else "/"
