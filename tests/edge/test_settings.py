"""The settings file: what it takes, and what it says of what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.reading import Role
from edge.errors import SettingsError
from edge.settings import load, read_password


def _file(folder: Path, text: str) -> Path:
    path = folder / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(_file(folder, text))
    message = str(caught.value)
    assert "desk.toml" in message
    assert "\n" not in message
    return message


def test_a_box_needs_no_more_than_its_id(tmp_path: Path) -> None:
    settings = load(_file(tmp_path, '[box]\nid = "desk-01"\n'))
    assert settings.box.role is Role.AGENT
    assert settings.camera.source == "0"
    assert settings.policy.publish
    assert not settings.broker.allow_mqtt_311


def test_an_unknown_key_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    message = _refusal(tmp_path, '[box]\nid = "desk-01"\n[store]\nkeep_day = 3\n')
    assert '"store.keep_day"' in message
    assert '"store.keep_days"' in message


def test_an_unknown_table_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    message = _refusal(tmp_path, '[box]\nid = "desk-01"\n[brokr]\nport = 1\n')
    assert '"brokr"' in message
    assert '"broker"' in message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "`box`"),
        ("[box]\n", "`id`"),
        ('[box]\nid = "a/b"\n', "box"),
        ('[box]\nid = "a"\nrole = "boss"\n', "box.role"),
        ('[box]\nid = "a"\naim = [0.5, 2.0]\n', "box.aim"),
        ('[box]\nid = "a"\n[broker]\nport = "1883"\n', "broker.port"),
        ('[box]\nid = "a"\n[broker]\npassword_file = "p"\n', "username"),
        ('[box]\nid = "a"\n[broker]\ncertificate = "c"\n', "key"),
        ('[box]\nid = "a"\n[store]\nkeep_days = 0\n', "store.keep_days"),
        ('[box]\nid = "a"\n[policy]\nname = "mirror"\n', "publish = false"),
        ('[box]\nid = "a"\nid = "b"\n', "TOML"),
        ("box = 3\n", "box"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_key(tmp_path: Path, text: str, named: str) -> None:
    assert named in _refusal(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no\.toml: cannot read the settings: No such file"):
        load(tmp_path / "no.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load(path)


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()
    settings = load(
        _file(
            tmp_path,
            '[box]\nid = "a"\n[store]\npath = "desk.db"\n[camera]\nsource = "clip.mp4"\n'
            '[broker]\nusername = "a"\npassword_file = "/etc/mien/password"\n',
        )
    )
    assert settings.store.path == str(tmp_path / "desk.db")
    assert settings.camera.source == str(tmp_path / "clip.mp4")
    assert settings.broker.password_file == "/etc/mien/password"


def _bundle(folder: Path, value: str) -> str | None:
    return load(_file(folder, f'[box]\nid = "a"\n[model]\nbundle = "{value}"\n')).model.bundle


def test_a_bundle_that_lies_beside_the_file_is_its_folder_and_another_word_a_packaged_bundle_s_name(
    tmp_path: Path,
) -> None:
    assert _bundle(tmp_path, "vgg-face") == "vgg-face"
    (tmp_path / "vgg-face").mkdir()
    (tmp_path / "vgg-face" / "expression.json").touch()
    assert _bundle(tmp_path, "vgg-face") == str(tmp_path / "vgg-face")


def test_a_bundle_s_path_is_taken_from_the_folder_of_the_file_though_nothing_is_there(tmp_path: Path) -> None:
    assert _bundle(tmp_path, "bundles/mine") == str(tmp_path / "bundles/mine")
    assert _bundle(tmp_path, "/opt/mine") == "/opt/mine"


def test_a_trust_file_s_path_is_taken_from_the_folder_of_the_file_and_none_is_the_default(tmp_path: Path) -> None:
    assert load(_file(tmp_path, '[box]\nid = "a"\n')).model.trust is None
    assert load(_file(tmp_path, '[box]\nid = "a"\n[model]\ntrust = "t.json"\n')).model.trust == str(tmp_path / "t.json")
    assert "model.trust" in _refusal(tmp_path, '[box]\nid = "a"\n[model]\ntrust = ""\n')


def test_a_camera_name_is_left_as_it_is(tmp_path: Path) -> None:
    assert load(_file(tmp_path, '[box]\nid = "a"\n[camera]\nsource = "C920"\n')).camera.source == "C920"


def test_a_password_is_the_one_line_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("s3cret\n")
    path.chmod(0o640)
    assert read_password(str(path)) == "s3cret"


def test_a_password_file_that_every_user_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("s3cret\n")
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 640") as caught:
        read_password(str(path))
    assert "s3cret" not in str(caught.value)


def test_an_empty_password_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.touch(0o600)
    with pytest.raises(SettingsError, match="one line"):
        read_password(str(path))
