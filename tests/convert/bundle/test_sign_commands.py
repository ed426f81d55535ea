"""`mien-convert key`, `sign`, and what `bundle` and `inspect` do with keys, as a person and a script call them."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from contract.signing import Signed
from convert import keys
from convert.bundle import sign_commands
from convert.main import main
from tests.convert.bundle.made import change, expression

ROOT = Path(__file__).parents[3]


def answering(*arguments: str, answers: tuple[str, ...]) -> tuple[int, str]:
    """Runs mien-convert on a terminal of its own and types each answer once it is asked for: exit status, and all that
    it says. What is typed before a passphrase is asked for is thrown away.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "convert.main", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    assert process.stdout is not None
    said = b""
    for answer in answers:
        while (letter := process.stdout.read(1)) and not (said := said + letter).endswith(b": "):
            pass
        os.write(ours, f"{answer}\n".encode())
    said += process.stdout.read()
    status = process.wait(timeout=60)
    if select.select([ours], [], [], 0)[0]:
        said += os.read(ours, 10_000)  # what the terminal itself showed of the answers
    os.close(theirs)
    os.close(ours)
    return status, said.decode()


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with two keys, and a bundle that the first of them signed."""
    for name in ("ours", "theirs"):
        assert main(["key", name, "--out", str(tmp_path)]) == 0
    source = str(expression(tmp_path / "source"))
    out, key = str(tmp_path / "desk"), str(tmp_path / "ours.key")
    assert main(["bundle", "--expression", source, "--out", out, "--key", key]) == 0
    capsys.readouterr()
    return tmp_path


def id_of(place: Path, name: str) -> str:
    return keys.read_trust(place / f"{name}.pub.json").keys[0].id


def test_a_key_can_be_for_all_that_is_signed() -> None:
    assert [each.value for each in Signed] == [*sign_commands.SIGNS]


def test_a_new_key_s_id_is_printed_and_nothing_of_its_private_half(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "ours", "--out", str(tmp_path), "--signs", "policy", "--signs", "release"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{tmp_path}/ours.key: the private key; keep it where whoever signs can read it, and nobody else",
        f"{tmp_path}/ours.pub.json: a trust file of it, for policy and release",
        f"key id {id_of(tmp_path, 'ours')}",
    ]
    assert (tmp_path / "ours.key").read_text().splitlines()[1] not in out + err
    assert main(["key", "ours", "--out", str(tmp_path)]) == 1
    assert "a key is never overwritten" in capsys.readouterr().err


def test_inspect_says_who_signed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(place / "desk"), "--trust", str(place / "ours.pub.json")]) == 0
    assert capsys.readouterr().out.endswith("\nSigned by ours.\n")


def test_inspect_without_a_trust_file_says_that_signatures_were_not_checked(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(place / "desk")]) == 0
    assert f"\nSignatures of the keys {id_of(place, 'ours')}, which were not checked" in capsys.readouterr().out
    (place / "desk" / "manifest.sig").unlink()
    assert main(["inspect", str(place / "desk")]) == 0
    assert capsys.readouterr().out.endswith("\nNot signed.\n")


def test_inspect_fails_where_nobody_signed_who_is_trusted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trust = str(place / "theirs.pub.json")
    for said in (f"is signed by no trusted key, but by {id_of(place, 'ours')}", "has no signature"):
        assert main(["inspect", str(place / "desk"), "--trust", trust]) == 1
        err = capsys.readouterr().err
        assert err.startswith(f"mien-convert: {place / 'desk' / 'manifest.sig'}: {said}")
        assert err.count("\n") == 1
        (place / "desk" / "manifest.sig").unlink(missing_ok=True)


def test_inspect_fails_where_the_manifest_was_changed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(place / "desk" / "manifest.json", use="any use")
    assert main(["inspect", str(place / "desk"), "--trust", str(place / "ours.pub.json")]) == 1
    assert "the signature of ours" in capsys.readouterr().err


def test_a_second_signature_is_added(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", str(place / "desk"), "--key", str(place / "theirs.key")]) == 0
    said = f"{place / 'desk'}: signed by the keys {id_of(place, 'ours')}, {id_of(place, 'theirs')}\n"
    assert capsys.readouterr().out == said
    for name in ("ours", "theirs"):
        assert main(["inspect", str(place / "desk"), "--trust", str(place / f"{name}.pub.json")]) == 0


def test_a_key_that_others_can_read_signs_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "theirs.key").chmod(0o644)
    key = ["--key", str(place / "theirs.key")]
    assert main(["sign", str(place / "desk"), *key]) == 1
    assert main(["bundle", "--expression", str(place / "source"), "--out", str(place / "new"), *key]) == 1
    assert capsys.readouterr().err.count("run chmod 600 on it") == 2
    assert not (place / "new").exists()


def test_a_passphrase_is_asked_for_on_a_terminal_and_never_shown(place: Path) -> None:
    made = ["key", "safe", "--out", str(place), "--passphrase"]
    status, said = answering(*made, answers=("open sesame", "open sesame"))
    assert (status, "open sesame" in said) == (0, False)
    assert "BEGIN ENCRYPTED PRIVATE KEY" in (place / "safe.key").read_text()
    sign = ["sign", str(place / "desk"), "--key", str(place / "safe.key")]
    status, said = answering(*sign, answers=("open barley",))
    assert (status, "is not opened by this passphrase" in said, "open barley" in said) == (1, True, False)
    status, said = answering(*sign, answers=("open sesame",))
    assert (status, "open sesame" in said) == (0, False)
    assert main(["inspect", str(place / "desk"), "--trust", str(place / "safe.pub.json")]) == 0


@pytest.mark.parametrize("answers", [("",), ("open sesame", "open barley"), ("x" * 300,)])
def test_a_passphrase_is_typed_twice(tmp_path: Path, answers: tuple[str, ...]) -> None:
    status, said = answering("key", "safe", "--out", str(tmp_path), "--passphrase", answers=answers)
    assert (status, "no key was made" in said) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_script_is_refused_where_a_passphrase_is_needed(place: Path) -> None:
    keys.make("safe", place, (Signed.BUNDLE,), "open sesame")
    for arguments in (
        ["sign", str(place / "desk"), "--key", str(place / "safe.key")],
        ["key", "safer", "--out", str(place), "--passphrase"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "convert.main", *arguments],
            cwd=ROOT,
            input="open sesame\nopen sesame\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "on a terminal" in done.stderr
    assert not (place / "safer.key").exists()
