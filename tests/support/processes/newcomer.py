"""Somebody who has never seen this: knows the commands by `--help`, the doors by `/openapi.json`, and nothing else.

Every command is a process of its own. What is used is looked up first, as a newcomer would: a command, an
option, an act or a field that no help tells of is an error here. Refusals are problem documents that have
to name the field and say what to do.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from runtime.local.programs import ROOT
from runtime.settings import LocalSettings, environment_names

ANSWER_S = 180
TRIES = 3
FOREIGN = frozenset(environment_names(LocalSettings).values())


class Refusal(NamedTuple):
    """A command that was refused: its exit code and its problem document."""

    code: int
    document: dict[str, Any]

    @property
    def sentences(self) -> str:
        """What a person would read."""
        return str(self.document["detail"])


class Newcomer:
    """One data directory, one service."""

    def __init__(self, data: Path, service: str) -> None:
        self.data, self.commands = data, 0
        self.printed: dict[tuple[str, ...], Any] = {}
        """The last JSON of each command, by its first words."""
        self._helps: dict[tuple[str, ...], str] = {}
        self._openapi: dict[str, Any] = httpx.get(f"{service}/openapi.json", timeout=60).json()
        self.top = self.help()

    def help(self, *command: str) -> str:
        """What `gongjian … --help` says, on one line."""
        if command not in self._helps:
            done = self._process(*command, "--help")
            assert done.returncode == 0, done.stderr
            self._helps[command] = " ".join(re.sub("[│╭╮╰╯─]", " ", done.stdout).split())
        return self._helps[command]

    def run(self, *words: str) -> Any:
        """What a command says to a program; where the database did not answer it says so, and is sent again."""
        for _ in range(TRIES):
            done = self._looked_up(*words)
            if "service.database_away" not in done.stderr:
                break
        assert done.returncode == 0, (words, done.stderr)
        said = json.loads(done.stdout) if done.stdout else None
        self.printed |= {words[:1]: said, words[:2]: said}
        return said

    def sign_in(self, link: str, password: str) -> None:
        """Take up an invitation: the password is typed twice."""
        done = self._looked_up("login", link, typed=f"{password}\n{password}\n")
        assert done.returncode == 0, done.stderr

    def refused(self, *words: str) -> Refusal:
        """What a command says that is refused."""
        done = self._looked_up(*words)
        assert done.returncode != 0, (words, done.stdout)
        assert "Traceback" not in done.stderr
        found = Refusal(done.returncode, json.loads(done.stderr))
        for problem in found.document["problems"]:
            assert len(problem["sentence"]) > len(problem["code"]), problem
            assert problem["code"] not in problem["sentence"], "a sentence, no code"
        return found

    def act(self, rid: str, name: str, who: str, **fields: object) -> Any:
        """An official act, by the names and fields that `gongjian act --help` tells."""
        told = self._told_of_act(name)
        unknown = [field for field in fields if f" {field} " not in told]
        assert not unknown, f"`act --help` does not tell of {unknown} of {name}"
        self.is_told_of_a_wrong_field("act", rid, name, "--as", who)
        words = ["act", rid, name, "--as", who]
        return self.run(*words, *(["--fields", json.dumps(fields)] if fields else []))

    def is_told_of_a_wrong_field(self, *words: str) -> None:
        """Whoever mistypes a field reads its name and which there are."""
        refusal = self.refused(*words, "--field", "no_such_field=1")
        assert "no_such_field" in refusal.sentences, refusal.sentences
        assert refusal.code == 1

    def call(self, method: str, path: str, *words: str, **fields: object) -> Any:
        """A door that has no command of its own, as the document describes it."""
        operation = self._operation(method, path)
        if method == "POST":
            schema = self._schema(operation["requestBody"]["content"]["application/json"]["schema"])
            unknown = fields.keys() - schema["properties"].keys()
            assert not unknown, f"/openapi.json does not tell of {unknown} of {path}"
            missing = [name for name in schema.get("required", ()) if name != "command_id"]
            if missing:
                refusal = self.refused("call", method, path, *words)
                assert all(name in refusal.sentences for name in missing), refusal.sentences
        given = ["--fields", json.dumps(fields)] if fields else []
        return self.run("call", method, path, *words, *given)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for known, operations in self._openapi["paths"].items():
            pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(known))
            if re.fullmatch(pattern, path) and method.lower() in operations:
                found: dict[str, Any] = operations[method.lower()]
                return found
        raise AssertionError(f"/openapi.json has no {method} {path}")

    def _schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self._openapi["components"]["schemas"][name] if name else schema
        return found

    def _told_of_act(self, name: str) -> str:
        """The part of the help that is about one act."""
        title = name.replace("_", "-")
        told = self.help("act").partition(f" {title} ")[2]
        assert told, f"`gongjian act --help` does not tell of {title}"
        return f" {told[:2_000]} "

    def _looked_up(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        assert f" {words[0]} " in self.top, f"`gongjian --help` does not tell of {words[0]}"
        inner = self.help(words[0])
        path = words[:1]
        if len(words) > 1 and "COMMAND [ARGS]" in inner and f" {words[1]} " in inner:
            path = words[:2]
        told = self.help(*path)
        for option in (word for word in words if re.fullmatch("--[a-z-]+", word)):
            assert f"{option} " in f"{told} ", f"`gongjian {' '.join(path)} --help` has no {option}"
        return self._process(*words, "--json", "--data", str(self.data), typed=typed)

    def _process(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        self.commands += 1
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *words],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in FOREIGN}
            | {"COLUMNS": "200"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=ANSWER_S,
            check=False,
        )
