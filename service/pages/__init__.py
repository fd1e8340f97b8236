"""The pages that people need before there is anything else: signing in, and the way into an account.

Plain HTML with a script and a style of our own; nothing comes from anywhere else, and no secret is in
what a server sees: an invitation stands behind the `#` of the address.
"""

from functools import cache
from html import escape
from pathlib import Path
from string import Template

from models.values.refusal import problem
from runtime.language.sentences import sentence

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
"""Scripts and styles of this site in files of their own; none within a page."""
WORDS = (
    *(
        "title",
        "invited",
        "use_passkey",
        "make_passkey",
        "enter",
        "name_passkey",
        "signed_in",
        "work",
        "with_password",
    ),
    *(
        "passkeys",
        "add",
        "remove",
        "terminal",
        "terminal_code",
        "sign_out",
        "provider",
        "other_ways",
    ),
    *("unsupported", "aborted", "away", "never_used", "last_used", "signed_out", "password"),
)


@cache
def sign_in_page(language: str, *, provider: bool) -> str:
    """The page in "en" or "zh_CN"; `provider` is whether people sign in elsewhere too."""
    words = {
        word: escape(sentence(problem(f"page.{word}", where=""), language), quote=True)
        for word in WORDS
    }
    template = Template((HERE / "templates" / "sign_in.html").read_text(encoding="utf-8"))
    tag = language.replace("_", "-")
    return template.substitute(words, lang=tag, no_provider="" if provider else "hidden")


@cache
def file_of(name: str) -> bytes:
    """A script or a style of the pages."""
    return (HERE / "static" / name).read_bytes()
