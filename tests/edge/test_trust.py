"""A bundle from elsewhere on a box with a trust file: it loads as it was signed, or the box says what does not fit."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import documents
from contract.manifest import MANIFEST, SIGNATURE, Accepted
from contract.signing import Signatures, Signed
from convert import keys
from convert.bundle import write
from edge import bundle, trust
from edge.errors import ModelError
from edge.reader import FaceReader
from tests.convert.bundle.made import bound, change, three
from tests.edge.bundles import point
from tests.edge.pictures import portrait
from tests.edge.signed import key, make, manifest, put_signature, sign_anew, trusts

CARDS = ("expression.json", "detector.json", "cover.json")
NETWORKS = ("made.onnx", "pnet.onnx", "rnet.onnx", "onet.onnx", "cover.onnx")
BIT = st.integers(0, 2**31)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of that bundle, to change, with copies of the keys."""
    shutil.copytree(whole.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "desk"


def load(folder: Path, name: str = "ours") -> bundle.Bundle:
    return bundle.load(folder, trust=trusts(folder, name))


def refusal(folder: Path, name: str = "ours") -> str:
    with pytest.raises(ModelError) as caught:
        load(folder, name)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/")


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    path.write_bytes(data)


# ---- what loads ---------------------------------------------------------------------------------------------------


def test_a_signed_bundle_loads_and_reads_a_face(folder: Path) -> None:
    loaded = load(folder)
    assert (loaded.model, loaded.signers) == ("made-1", ("ours",))
    assert (loaded.cover_folder, loaded.detector_folder) == (folder, folder)
    shares = FaceReader.from_bundle(loaded).read(portrait()).shares
    assert shares is not None
    assert shares.argmax() == 1  # happiness, which is all that the made network ever sees


def test_a_bundle_loads_by_its_folder_s_name_too(folder: Path) -> None:
    assert bundle.named(str(folder), trust=trusts(folder)).signers == ("ours",)
    (folder / SIGNATURE).unlink()
    with pytest.raises(ModelError, match=r"manifest\.sig: cannot read it"):
        bundle.named(str(folder), trust=trusts(folder))


def test_without_a_trust_file_nobody_asks_for_a_signature(folder: Path) -> None:
    (folder / SIGNATURE).unlink()
    assert bundle.load(folder).signers == ()


def test_a_packaged_bundle_needs_no_signature(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(bundle.DEFAULT)
    nowhere = str(tmp_path / "none.json")
    for found in (
        bundle.load(trust=nowhere),
        bundle.named(trust=nowhere),
        bundle.named("default", trust=nowhere),
        bundle.named(str(bundle.DEFAULT), trust=nowhere),
        bundle.named(str(tmp_path / "link"), trust=nowhere),
    ):
        assert found.folder == bundle.DEFAULT.resolve()


def test_a_signed_bundle_of_an_expression_network_alone_has_the_default_s_other_parts(folder: Path) -> None:
    sign_anew(folder, models=manifest(folder).models[:1])
    change(folder / "cover.json", threshold=0.9)  # a stray by now
    loaded = load(folder)
    assert (loaded.cover_folder, loaded.detector_folder) == (bundle.DEFAULT, bundle.DEFAULT)
    assert (loaded.cover, loaded.detector) == (bundle.load().cover, bundle.load().detector)


def test_a_licence_that_was_accepted_by_its_name_is_no_hindrance(tmp_path: Path) -> None:
    keys.make("ours", tmp_path, (Signed.BUNDLE,))
    accepted = (Accepted("research-only", date(2026, 11, 27)),)
    write.write(three(bound(tmp_path / "s")), accepted, tmp_path / "desk", key=key(tmp_path / "desk", "ours"))
    assert load(tmp_path / "desk").signers == ("ours",)


# ---- who signed ---------------------------------------------------------------------------------------------------


def test_a_bundle_that_nobody_signed_is_refused(folder: Path) -> None:
    (folder / SIGNATURE).unlink()
    assert refusal(folder).startswith("manifest.sig: cannot read it: No such file or directory; model.trust lets no")
    (folder / SIGNATURE).write_bytes(documents.encode(Signatures(1, ())))
    assert refusal(folder).startswith("manifest.sig: has no signature")


def test_a_bundle_that_a_stranger_signed_is_refused_with_the_key_s_id(folder: Path) -> None:
    put_signature(folder, "theirs")
    [stranger] = keys.read_trust(Path(trusts(folder, "theirs"))).keys
    assert refusal(folder).startswith(f"manifest.sig: is signed by no trusted key, but by {stranger.id}")
    assert load(folder, "theirs").signers == ("theirs",)


def test_a_key_for_policies_signs_no_bundle(folder: Path) -> None:
    put_signature(folder, "council")
    assert "a key for policy, not for bundle" in refusal(folder, "council")


@pytest.mark.parametrize("signed", [Signed.POLICY, Signed.RELEASE])
def test_a_signature_of_something_else_is_none_of_a_bundle(folder: Path, signed: Signed) -> None:
    put_signature(folder, signed=signed)
    assert "the signature of ours" in refusal(folder)


def refused_with(whole: Path, name: str, bit: int) -> None:
    before = (whole / name).read_bytes()
    try:
        flip(whole / name, bit)
        with pytest.raises(ModelError):
            load(whole)
    finally:
        (whole / name).write_bytes(before)


@given(bit=BIT)
def test_no_bit_of_a_manifest_can_change(whole: Path, bit: int) -> None:
    refused_with(whole, MANIFEST, bit)


@given(bit=BIT)
def test_no_bit_of_a_signature_can_change(whole: Path, bit: int) -> None:
    refused_with(whole, SIGNATURE, bit)


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE])
@pytest.mark.parametrize(
    "hostile",
    [b"", b"{", b"\xff\xfe", b"[" * 60_000, b" " * (2 << 20)],
    ids=["empty", "cut", "binary", "deep", "large"],
)
def test_what_is_no_manifest_and_no_signature_is_refused(folder: Path, name: str, hostile: bytes) -> None:
    (folder / name).write_bytes(hostile)
    large = len(hostile) > 1 << 20
    if name == MANIFEST:
        assert large or "the signature of ours" in refusal(folder)  # who cannot sign is not even listened to
        put_signature(folder)
    said = "has more than the" if large else "not a "
    assert refusal(folder).startswith(f"{name}: {said}")


def test_a_manifest_that_is_not_there_is_refused(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    assert refusal(folder).startswith("manifest.json: cannot read it: No such file")


# ---- the files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CARDS, *NETWORKS, "NOTICE"])
def test_a_file_with_a_flipped_bit_is_named(folder: Path, name: str) -> None:
    flip(folder / name, 1001)
    assert refusal(folder).startswith(f"{name}: has other bytes than manifest.json says: its sha256 is ")


@pytest.mark.parametrize("name", [*CARDS, *NETWORKS, "NOTICE"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refusal(folder).startswith(f"{name}: cannot read it: No such file")


def test_a_file_of_another_size_is_named(folder: Path) -> None:
    size = (folder / "rnet.onnx").stat().st_size
    with (folder / "rnet.onnx").open("ab") as file:
        file.write(b" ")
    assert refusal(folder).startswith(f"rnet.onnx: has more than the {size} bytes that it may have")
    os.truncate(folder / "rnet.onnx", 5)
    assert refusal(folder).startswith(f"rnet.onnx: has 5 bytes and not {size}, as manifest.json says")


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE, "expression.json", "onet.onnx", "NOTICE"])
def test_a_symbolic_link_is_refused_though_it_leads_to_the_same_bytes(folder: Path, name: str) -> None:
    (folder / name).rename(folder.parent / "elsewhere")
    (folder / name).symlink_to(folder.parent / "elsewhere")
    assert refusal(folder).startswith(f"{name}: is a symbolic link")


def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    (folder / "NOTICE").unlink()
    os.mkfifo(folder / "NOTICE")
    assert refusal(folder).startswith("NOTICE: is no plain file")


def test_a_size_that_no_memory_holds_is_refused(folder: Path) -> None:
    huge = msgspec.structs.replace(manifest(folder).notice, size=2**62)
    sign_anew(folder, notice=huge)
    assert refusal(folder).endswith(f"bytes and not {2**62}, as manifest.json says; install the bundle anew")


@pytest.mark.parametrize(
    ("card", "fields"),
    [
        ("expression.json", {"file": "other.onnx"}),
        ("expression.json", {"sha256": "0" * 64}),
        ("cover.json", {"file": "other.onnx"}),
        (
            "detector.json",
            {"networks": {name: {"file": "other.onnx", "sha256": "0" * 64} for name in ("pnet", "rnet", "onet")}},
        ),
    ],
)
def test_a_card_names_no_file_that_the_manifest_does_not(folder: Path, card: str, fields: dict[str, Any]) -> None:
    shutil.copy(folder / "made.onnx", folder / "other.onnx")
    change(folder / card, **fields)
    sign_anew(folder)
    assert refusal(folder).startswith(
        f"{card}: names {fields.get('file', 'other.onnx' if 'networks' in fields else 'made.onnx')} with"
    )


def test_a_manifest_without_an_expression_card_is_refused(folder: Path) -> None:
    sign_anew(folder, models=manifest(folder).models[1:])
    assert refusal(folder).startswith("manifest.json: names no expression.json, which a bundle needs")


def test_what_belongs_to_no_model_and_so_has_no_licence_is_not_loaded(folder: Path) -> None:
    first, *others = manifest(folder).models
    card, network = first.files
    sign_anew(folder, models=(msgspec.structs.replace(first, files=(network,)), *others), notice=card)
    assert refusal(folder).startswith("manifest.json: names no expression.json")
    sign_anew(folder, models=(msgspec.structs.replace(first, files=(card,)), *others), notice=network)
    assert refusal(folder).startswith("expression.json: names made.onnx with")


def test_a_stray_file_is_not_loaded_and_no_hindrance(folder: Path) -> None:
    (folder / "engine.plan").write_bytes(b"built on the box")
    assert load(folder).signers == ("ours",)


def test_what_changes_after_it_was_verified_is_not_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = load(folder)
    really = trust.verified

    def then_changed(place: Path, keys: Path) -> trust.Verified:
        held = really(place, keys)
        for name in CARDS:
            (folder / name).write_text("{}")
        return held

    monkeypatch.setattr(trust, "verified", then_changed)
    loaded = load(folder)
    assert loaded == wanted
    FaceReader.from_bundle(loaded)
    for name in NETWORKS:
        before = (folder / name).read_bytes()
        flip(folder / name, 1001)
        with pytest.raises(ModelError, match=rf"{name}: sha256 \w+ differs from its card"):
            FaceReader.from_bundle(loaded)
        (folder / name).write_bytes(before)


def test_a_signed_network_brings_no_weights_of_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    network = onnx.load(folder / "made.onnx")
    onnx.save_model(network, "made.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    change(folder / "expression.json", sha256=hashlib.sha256((folder / "made.onnx").read_bytes()).hexdigest())
    sign_anew(folder)
    with pytest.raises(ModelError, match=r"made\.onnx: ONNX Runtime cannot load it"):
        FaceReader.from_bundle(load(folder))


# ---- labels and licences ------------------------------------------------------------------------------------------


def test_a_label_that_is_not_the_contract_s_is_refused_whoever_signed_it(folder: Path) -> None:
    change(folder / "expression.json", points=[point(classes=("neutral", "boredom"))])
    sign_anew(folder)
    assert "the classes of its point plain are neutral, boredom" in refusal(folder)


@pytest.mark.parametrize(
    ("licence", "allows"),
    [
        ("research-only", "research and teaching alone"),
        ("house rules", "what the owner says under"),
        ("mit", "not known"),
    ],
)
def test_a_licence_that_nobody_accepted_is_refused_whoever_signed_it(folder: Path, licence: str, allows: str) -> None:
    first, *others = manifest(folder).models
    models = (msgspec.structs.replace(first, licence=licence), *others)
    sign_anew(folder, models=models, accepted=(Accepted("non-commercial", date(2026, 11, 27)),))
    said = refusal(folder)
    assert said.startswith(f"manifest.json: made-1 is under {licence}, which allows ")
    assert allows in said
    sign_anew(folder, models=models, accepted=(Accepted(licence, date(2026, 11, 27)),))
    assert load(folder).model == "made-1"


# ---- the trust file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a trust file that this version reads"),
        (b'{"format": 1, "keys": [', "not a trust file that this version reads"),
        (b" " * (1 << 20), "is no trust file: it has over"),
    ],
    ids=["empty", "cut", "large"],
)
def test_a_trust_file_that_is_none_is_refused(folder: Path, data: bytes, said: str) -> None:
    Path(trusts(folder)).write_bytes(data)
    assert said in refusal(folder)
    assert refusal(folder).startswith(trusts(folder))


def test_a_trust_file_that_is_not_there_is_refused(folder: Path) -> None:
    assert refusal(folder, "nobody").startswith(f"{trusts(folder, 'nobody')}: cannot read model.trust: No such file")


def test_a_trust_file_that_every_user_can_change_is_refused(folder: Path) -> None:
    Path(trusts(folder)).chmod(0o666)
    assert "model.trust can be changed by every user; run chmod o-w on it" in refusal(folder)
