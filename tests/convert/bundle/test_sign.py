"""The signatures of a bundle: of those who wrote it, and of those who came after and looked."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract import documents
from contract.manifest import MANIFEST, SIGNATURE
from contract.signing import MAX_SIGNATURES, Signature, Signatures, Signed, Trust, sign, with_signature
from convert import keys
from convert.bundle import check, manifest, write
from convert.bundle.sign import add, read, signers
from convert.errors import ManifestError, OutputError, SourceError
from tests.convert.bundle.made import change, expression, three, tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle that `ours` signed; the keys lie beside it."""
    for name in ("ours", "theirs"):
        keys.make(name, tmp_path, (Signed.BUNDLE,))
    source = expression(tmp_path / "source")
    write.write(three(source), (), tmp_path / "desk", key=keys.read(tmp_path / "ours.key", None))
    return tmp_path / "desk"


def trust(folder: Path, *names: str) -> Trust:
    return Trust(1, tuple(keys.read_trust(folder.parent / f"{name}.pub.json").keys[0] for name in names))


def who(folder: Path, *names: str) -> tuple[str, ...]:
    return signers(folder, manifest.read(folder), trust(folder, *names))


def test_a_bundle_is_signed_as_it_is_written(folder: Path) -> None:
    assert who(folder, "ours") == ("ours",)
    assert [each.fault for each in check.examine(folder, manifest.load(folder)) if each.fault] == []


def test_the_same_parts_and_key_give_the_same_signature(folder: Path) -> None:
    source, key = three(folder.parent / "source"), keys.read(folder.parent / "ours.key", None)
    write.write(source, (), folder.parent / "again", key=key)
    assert tree(folder) == tree(folder.parent / "again")


def test_a_bundle_without_a_key_has_no_signature(folder: Path) -> None:
    write.write(three(folder.parent / "source"), (), folder.parent / "bare")
    assert not (folder.parent / "bare" / SIGNATURE).exists()
    assert read(folder.parent / "bare") == Signatures(1, ())
    with pytest.raises(ManifestError, match=r"bare/manifest\.sig: has no signature; have the bundle signed"):
        who(folder.parent / "bare", "ours")


def test_a_second_person_signs_beside_the_first_and_again_without_a_trace(folder: Path) -> None:
    key = keys.read(folder.parent / "theirs.key", None)
    added = add(folder, key)
    assert who(folder, "ours", "theirs") == ("ours", "theirs")
    assert who(folder, "theirs") == ("theirs",)
    before = tree(folder)
    assert add(folder, key) == added
    assert tree(folder) == before


def test_a_bundle_that_was_not_signed_can_be(folder: Path) -> None:
    (folder / SIGNATURE).unlink()
    add(folder, keys.read(folder.parent / "theirs.key", None))
    assert who(folder, "ours", "theirs") == ("theirs",)


@pytest.mark.parametrize("name", ["made.onnx", "expression.json", "NOTICE", "stray"])
def test_nobody_signs_a_bundle_that_is_not_what_its_manifest_says(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    before = tree(folder)
    with pytest.raises(ManifestError, match=rf"desk/{name}: (has \d+ bytes instead of|is not in manifest\.json)"):
        add(folder, keys.read(folder.parent / "theirs.key", None))
    assert tree(folder) == before


def test_a_manifest_that_was_changed_does_not_fit_its_signature(folder: Path) -> None:
    change(folder / MANIFEST, use="any use")
    with pytest.raises(ManifestError, match=r"desk/manifest\.sig: the signature of ours \(\w{16}\) does not fit"):
        who(folder, "ours")


def test_another_s_signature_is_told_by_its_key(folder: Path) -> None:
    with pytest.raises(ManifestError, match=rf"is signed by no trusted key, but by {trust(folder, 'ours').keys[0].id}"):
        who(folder, "theirs")


def test_a_signature_of_a_policy_is_none_of_a_bundle(folder: Path) -> None:
    key = keys.read(folder.parent / "ours.key", None)
    made = with_signature(None, sign(Signed.POLICY, manifest.read(folder), key))
    (folder / SIGNATURE).write_bytes(documents.encode(made))
    with pytest.raises(ManifestError, match="does not fit"):
        who(folder, "ours")


def test_a_broken_signature_file_is_not_signed_over(folder: Path) -> None:
    key = keys.read(folder.parent / "theirs.key", None)
    for data in (b"", b"{", b" " * 100_000):
        (folder / SIGNATURE).write_bytes(data)
        with pytest.raises(ManifestError, match=r"desk/manifest\.sig: .*; have it signed anew"):
            add(folder, key)
        assert (folder / SIGNATURE).read_bytes() == data


def test_no_more_sign_than_there_is_room_for(folder: Path) -> None:
    one = read(folder).signatures[0].signature
    full = Signatures(1, tuple(Signature(f"{i:016x}", one) for i in range(MAX_SIGNATURES)))
    (folder / SIGNATURE).write_bytes(documents.encode(full))
    with pytest.raises(ManifestError, match=r"desk/manifest\.sig: has 32 signatures, and no more may sign"):
        add(folder, keys.read(folder.parent / "theirs.key", None))


def test_a_signature_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / SIGNATURE).rename(folder.parent / "elsewhere")
    (folder / SIGNATURE).symlink_to(folder.parent / "elsewhere")
    with pytest.raises(SourceError, match=r"manifest\.sig: is a symbolic link"):
        who(folder, "ours")


def test_a_signature_that_cannot_be_written_leaves_the_one_that_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(folder)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    key = keys.read(folder.parent / "theirs.key", None)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match=r"manifest\.sig: cannot write it: No space left on device"):
        add(folder, key)
    assert tree(folder) == before


def test_a_signed_bundle_is_replaced_by_one_without_its_signature(folder: Path) -> None:
    write.check_place(folder, replace=True)
    write.write(three(folder.parent / "source"), (), folder, replace=True)
    assert not (folder / SIGNATURE).exists()
