"""The settings file of the centre."""

from __future__ import annotations

from pathlib import Path

import pytest

from central import settings
from central.errors import SettingsError


@pytest.fixture(autouse=True)
def _no_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "central.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_every_key_has_a_default() -> None:
    loaded = settings.load()
    assert loaded.database.url == "sqlite:///central.db"
    assert (loaded.web.host, loaded.web.port) == ("127.0.0.1", 8080)
    assert not loaded.broker.allow_mqtt_311


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, "[broker]\nusernam = 'centre'\n")
    with pytest.raises(
        SettingsError, match=r'unknown key "broker.usernam"; did you mean "broker.username"\?'
    ) as caught:
        settings.load(path)
    assert str(path) in str(caught.value)


def test_an_unknown_table_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r'unknown key "retenton"; did you mean "retention"\?'):
        settings.load(written(tmp_path, "[retenton]\nraw_days = 3\n"))


def test_a_wrong_value_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"web.port: Expected `int` <= 65535"):
        settings.load(written(tmp_path, "[web]\nport = 99999\n"))


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"is not TOML: .*line 1"):
        settings.load(written(tmp_path, "broker = = 3\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere.toml: cannot read the settings"):
        settings.load(tmp_path / "nowhere.toml")


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path, "[database]\nurl = 'sqlite:///c.db'\n[broker]\nca = 'ca.pem'\n"))
    assert loaded.database.url == f"sqlite:///{tmp_path / 'c.db'}"
    assert loaded.broker.ca == str(tmp_path / "ca.pem")


def test_the_environment_overrules_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://mien@db/mien")
    assert settings.load(written(tmp_path, "[database]\nurl = 'sqlite:///c.db'\n")).database.url.startswith(
        "postgresql"
    )


def test_what_is_seen_from_far_is_kept_no_shorter_than_what_is_seen_from_near(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"retention: raw_days, minutes_days and quarters_days must not fall"):
        settings.load(written(tmp_path, "[retention]\nraw_days = 400\n"))


def test_streams_leave_threads_for_pages(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"web: max_streams must leave"):
        settings.load(written(tmp_path, "[web]\nthreads = 8\nmax_streams = 8\n"))


def test_a_password_that_everyone_may_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match=r"open to every user; run chmod 640") as caught:
        settings.read_password(str(secret))
    assert "hunter2" not in str(caught.value)
    secret.chmod(0o640)
    assert settings.read_password(str(secret)) == "hunter2"


def test_a_password_file_without_a_user_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"broker: password_file needs username"):
        settings.load(written(tmp_path, "[broker]\npassword_file = 'x'\n"))
