import re
from pathlib import Path

import pytest

from models.values.refusal import Refused
from runtime.settings import LocalSettings, Settings, environment_names, read_settings
from runtime.version import VERSION

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
KEY = "0f" * 32
NAMES = {*environment_names(Settings).values(), *environment_names(LocalSettings).values()}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def settings_for_a_test() -> Settings:
    return Settings(database_url="postgresql://u:p@h/d", credential_key=KEY, receipt_key=KEY)


def names_in_env_example() -> set[str]:
    text = (DEPLOY / "env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", text, re.MULTILINE))


def names_in_compose() -> set[str]:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    return set(re.findall(r"\$\{([A-Z_]+)", text))


def test_env_example_has_every_setting_and_nothing_else() -> None:
    assert names_in_env_example() == NAMES | names_in_compose()


def test_env_example_shows_the_default_of_the_class() -> None:
    text = (DEPLOY / "env.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.+)$", text, re.MULTILINE))
    for field, name in environment_names(Settings).items():
        default = Settings.model_fields[field].default
        if name in shown and default is not None and not Settings.model_fields[field].is_required():
            written = ",".join(default) if isinstance(default, tuple) else str(default)
            assert shown[name] == written, name


def test_the_image_and_the_build_are_named_after_the_version() -> None:
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert f"image: gongjian:${{GONGJIAN_TAG:-{VERSION}}}\n" in compose
    assert f"-t gongjian:{VERSION} ." in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert settings_for_a_test().build_id == VERSION


def test_compose_has_no_default_for_a_secret() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    secrets = [name for name in names_in_compose() if name.endswith(("PASSWORD", "KEY"))]
    assert len(secrets) == 13
    for name in secrets:
        assert set(re.findall(rf"\$\{{{name}([^}}]*)\}}", text)) == {":?"}


def test_every_setting_is_described() -> None:
    for kind in (Settings, LocalSettings):
        for field, info in kind.model_fields.items():
            assert info.description, field


def test_every_missing_secret_is_named_at_once() -> None:
    with pytest.raises(Refused) as refused:
        read_settings(Settings)
    assert {(problem.code, problem.where) for problem in refused.value.problems} == {
        ("settings.missing", "DATABASE_URL"),
        ("settings.missing", "GONGJIAN_CREDENTIAL_KEY"),
        ("settings.missing", "GONGJIAN_RECEIPT_KEY"),
    }


def test_a_weak_key_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@h/d")
    monkeypatch.setenv("GONGJIAN_CREDENTIAL_KEY", "hunter2hunter2")
    monkeypatch.setenv("GONGJIAN_RECEIPT_KEY", KEY)
    with pytest.raises(Refused) as refused:
        read_settings(Settings)
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("settings.invalid", "GONGJIAN_CREDENTIAL_KEY")
    assert "hunter2" not in str(refused.value)


def test_secrets_do_not_show_in_a_representation() -> None:
    assert KEY not in repr(settings_for_a_test())


def test_a_child_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = settings_for_a_test().model_copy(update={"service_port": 4711, "log_level": "error"})
    for name, value in mine.to_environment().items():
        monkeypatch.setenv(name, value)
    assert read_settings(Settings) == mine


def test_unprefixed_names_are_those_of_other_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    assert LocalSettings().temporal_address == "temporal.example:7233"
    assert LocalSettings().database_url is None
