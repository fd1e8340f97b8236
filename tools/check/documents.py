"""Documents and files: what they name exists, and nothing names a place of somebody's machine."""

import re
import sys
from collections.abc import Iterator

from tools.check.project import PRODUCT, Project

TEXT: tuple[str, ...] = (
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
    ".json",
    ".po",
    ".csv",
    ".sh",
    ".mako",
)
TEXT += (".ini", ".cfg", ".example", ".html", ".css", ".js", "Makefile", "Dockerfile", "run")
PRIVATE_PATH = re.compile(r"(?<![\w.:/}-])/(?:home|root|Users|work|workspace|mnt)/\w")
REGISTRY = re.compile("|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.")))


def commands_in_readme(project: Project) -> Iterator[str]:
    """Every `make x` and `gongjian x` of the README is a target or a command."""
    readme = project.root / "README.md"
    if not readme.exists():
        return
    makefile = project.text(project.root / "Makefile")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    text = project.text(readme)
    # In backticks, or at the start of a line of a code block (with or without a prompt).
    named = re.findall(r"(?:`|^\s*(?:\$ )?)(make|gongjian) ([a-z][a-z-]*)", text, re.MULTILINE)
    commands = _command_names(project) if any(tool == "gongjian" for tool, _ in named) else set()
    for tool, name in sorted(set(named)):
        if name not in (targets if tool == "make" else commands):
            yield f"README.md: `{tool} {name}` does not exist"


def links_in_documents(project: Project) -> Iterator[str]:
    """Every relative link of a document leads to a file."""
    for path in project.files(".md"):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", project.text(path), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not (path.parent / target.split("#")[0]).exists():
                yield f"{project.name(path)}: link to {target}, which does not exist"


def places_of_this_machine(project: Project) -> Iterator[str]:
    """No file names somebody's home, this workspace or a package registry."""
    for path in project.files(*TEXT):
        for number, line in enumerate(project.text(path).splitlines(), start=1):
            if PRIVATE_PATH.search(line) or REGISTRY.search(line):
                yield f"{project.name(path)}:{number}: names a private path or a registry"


def merges_are_finished(project: Project) -> Iterator[str]:
    """No file has the marks of a merge that was not resolved; in a text they pass every other check."""
    for path in project.files(*TEXT):
        for number, line in enumerate(project.text(path).splitlines(), start=1):
            if line.startswith(("<" * 7 + " ", ">" * 7 + " ")):
                yield f"{project.name(path)}:{number}: a merge is not resolved here: keep one side"


def image_has_the_product(project: Project) -> Iterator[str]:
    """The image copies every package that is shipped, and the builder is sent it."""
    for file, line in (
        ("deploy/Dockerfile", "COPY {0} ./{0}"),
        ("deploy/Dockerfile.dockerignore", "!{0}"),
    ):
        path = project.root / file
        lines = project.text(path).splitlines() if path.exists() else []
        for package in PRODUCT:
            wanted = line.format(package)
            if lines and wanted not in lines:
                yield f"{file}: {package}/ is not in the image. Add the line `{wanted}`."


def _command_names(project: Project) -> set[str]:
    """The commands of `gongjian`, as typer has them."""
    sys.path.insert(0, str(project.root))
    import typer.main  # noqa: PLC0415 - only when the README names commands

    from cli.main import app  # noqa: PLC0415

    command = typer.main.get_command(app)
    return set(getattr(command, "commands", {}))
