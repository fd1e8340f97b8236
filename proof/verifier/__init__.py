"""The parts of `verify.py`, in the order in which `standalone()` puts them into one file.

They import nothing but the standard library and each other, and run on Python 3.8 and later.
"""

from importlib import resources

PARTS = (
    "packing",
    "reading",
    "signing",
    "hashing",
    "menus",
    "asking",
    "counting",
    "deciding",
    "results",
    "receipt",
    "published",
    "saying",
    "printing",
    "main",
)
"""The modules of this package that make up the one file, each using only those before it."""

_OWN = f"from {__name__}."
_FUTURE = "from __future__ import annotations\n"
_HEAD = """\
#!/usr/bin/env python3
# Checks the evidence of a vote. 核验投票证据包。
#
#     python3 verify.py BUNDLE.zip [--receipt FILE|CODE] [--key HEX] [--manifest HEX] [--json]
#
# Needs Python 3.8 or later and nothing else: no network, no other file. It writes nothing.
"""


def standalone() -> bytes:
    """The text of the bundle's `verify.py`: all parts in one file, the same bytes every time."""
    texts = [_without_own_imports(_text(name)) for name in PARTS]
    start = '\n\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n'
    return (_HEAD + _FUTURE + "\n" + "\n\n".join(texts) + start).encode()


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(f"{name}.py").read_text(encoding="utf-8")


def _without_own_imports(text: str) -> str:
    """A part without its imports of other parts, which stand above it in the one file."""
    kept, skipping = [], False
    for line in text.replace(_FUTURE, "").splitlines():
        skipping = skipping or line.startswith(_OWN)
        if not skipping:
            kept.append(line)
        elif line.endswith(")") or not line.endswith(("(", ",")):
            skipping = False
    return "\n".join(kept).strip() + "\n"
