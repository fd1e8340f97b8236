"""What a desktop does to a bundle that it packs anew: files of its own, a folder around everything."""

from __future__ import annotations

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
