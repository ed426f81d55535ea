"""Key files: written for one person's eyes and over nothing, read only where no other could have read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.signing import MAX_BYTES, Signatures, Signed, key_id, sign, verify
from convert import keys
from convert.errors import OutputError, SourceError


def nobody(question: str) -> str:
    raise AssertionError(question)


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        keys.read(path, nobody)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_the_private_half_signs_the_public_half_verifies(tmp_path: Path) -> None:
    made = keys.make("ours", tmp_path, (Signed.BUNDLE,))
    private, trust = keys.read(tmp_path / "ours.key", None), keys.read_trust(tmp_path / "ours.pub.json")
    assert trust.keys == (made,)
    assert made.id == key_id(private.public_key().public_bytes_raw())
    signatures = Signatures(1, (sign(Signed.BUNDLE, b"data", private),))
    assert verify(Signed.BUNDLE, b"data", signatures, trust) == ("ours",)


def test_a_key_may_sign_what_it_was_made_for(tmp_path: Path) -> None:
    made = keys.make("ours", tmp_path, (Signed.POLICY, Signed.RELEASE, Signed.POLICY))
    assert made.signs == (Signed.POLICY, Signed.RELEASE)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_private_key_is_its_owner_s_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        keys.make("ours", tmp_path, (Signed.BUNDLE,))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ours.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["ours.key", "ours.pub.json"])
def test_neither_file_is_overwritten_and_none_is_left_beside_it(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("there before")
    with pytest.raises(OutputError, match=rf"{there}: is there already, and a key is never overwritten"):
        keys.make("ours", tmp_path, (Signed.BUNDLE,))
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "there before"


def test_a_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "ours.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is there already"):
        keys.make("ours", tmp_path, (Signed.BUNDLE,))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["", "a/b", "../ours", ".ours", "-ours", "two words", "ours\n", "n" * 65])
def test_a_name_that_no_file_should_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError):
        keys.make(name, tmp_path, (Signed.BUNDLE,))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no/ours\.pub\.json: cannot write it: No such file or directory"):
        keys.make("ours", tmp_path / "no", (Signed.BUNDLE,))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_private_key_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    keys.make("ours", tmp_path, (Signed.BUNDLE,))
    (tmp_path / "ours.key").chmod(mode)
    assert "others than its owner can use; run chmod 600 on it" in refusal(tmp_path / "ours.key")


def test_a_protected_key_is_opened_by_its_passphrase_alone(tmp_path: Path) -> None:
    keys.make("ours", tmp_path, (Signed.BUNDLE,), "open sesame")
    path, asked = tmp_path / "ours.key", list[str]()
    assert keys.read(path, lambda question: asked.append(question) or "open sesame")  # type: ignore[func-returns-value]
    assert asked == [f"Passphrase of {path}: "]
    for wrong in ("", "open barley", "x" * 5000, "\udcff"):
        with pytest.raises(SourceError, match=r"ours\.key: is not opened by this passphrase") as caught:
            keys.read(path, lambda question, wrong=wrong: wrong)  # type: ignore[misc]
        assert not wrong or wrong not in str(caught.value)


def test_a_protected_key_is_refused_where_nobody_can_be_asked(tmp_path: Path) -> None:
    keys.make("ours", tmp_path, (Signed.BUNDLE,), "open sesame")
    with pytest.raises(SourceError, match="which is asked for on a terminal"):
        keys.read(tmp_path / "ours.key", None)


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_what_is_no_private_key_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate().private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    secret = private.splitlines()[1]
    for data in (b"", b"secret", secret, private[:60], private.replace(secret[-8:], b"secret==")):
        said = refusal(put(tmp_path / "wrong.key", data))
        assert "is no private key in PEM" in said
        assert "secret" not in said
        assert secret.decode() not in said


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = X25519PrivateKey.generate()
    data = other.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    assert "another kind than Ed25519" in refusal(put(tmp_path / "other.key", data))


def test_a_key_that_is_no_plain_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is no plain file" in refusal(tmp_path / "pipe")
    assert "cannot read the private key: No such file" in refusal(tmp_path / "no.key")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "not a trust file that this version reads"),
        (b'{"format": 1, "keys": []}', "keys"),
        (b" " * (MAX_BYTES + 1), f"has over {MAX_BYTES} bytes"),
    ],
    ids=["cut", "empty", "large"],
)
def test_what_is_no_trust_file_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "trust.json").write_bytes(data)
    with pytest.raises(SourceError, match=r"trust\.json: ") as caught:
        keys.read_trust(tmp_path / "trust.json")
    assert said in str(caught.value)
    with pytest.raises(SourceError, match=r"no\.json: cannot read the trust file: No such file"):
        keys.read_trust(tmp_path / "no.json")
