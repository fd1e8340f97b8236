"""Which files a bundle holds, and what a desktop adds that packs it anew: files of its own, a folder around."""

from __future__ import annotations

NAMES = (
    "README.txt",
    "ballots.jsonl",
    "head.json",
    "manifest.json",
    "motions.json",
    "result.json",
    "roll.jsonl",
    "rules.json",
    "rulings.jsonl",
    "signature.json",
    "verify.py",
)
"""What a full bundle holds; nothing may be missing, nothing may be added."""
LEAVES = "leaves.jsonl"
OPENED = ("ballots.jsonl", "roll.jsonl", "rulings.jsonl")
"""What the public form of a bundle does not hold: it has the leaves of the tree instead."""
PUBLIC_NAMES = tuple(sorted((*(name for name in NAMES if name not in OPENED), LEAVES)))
UNLISTED = frozenset(("manifest.json", "signature.json"))
"""The files that the manifest cannot list."""
DESKTOP = (".ds_store", "thumbs.db", "desktop.ini", ".localized")


def of_a_desktop(name: str) -> bool:
    """Whether a file is one that a desktop leaves beside those it packs; none of a bundle's is."""
    parts = name.rstrip("/").split("/")
    return parts[0] == "__MACOSX" or parts[-1].startswith("._") or parts[-1].lower() in DESKTOP


def one_top(names: list[str]) -> str:
    """The one folder in which everything lies, with its slash; "" where there is none."""
    tops = {name.partition("/")[0] for name in names}
    top = f"{min(tops)}/" if len(tops) == 1 else "/"
    return top if all(name.startswith(top) for name in names) and len(names) > 1 else ""
