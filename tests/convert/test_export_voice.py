"""A run of the voice to what ships: the files say what the networks say, and a desk loads them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest
import torch

from convert import export_voice, main
from convert.bundle import parts
from convert.half import weights_of
from edge import voice_card
from edge.hearing import Hearing
from edge.sound import bands
from models.networks.noise_net import NoiseNet
from models.networks.voice_net import VoiceNet
from models.registry import BUNDLES
from models.voice.calibration import Worth, save
from models.voice.heads import RAVDESS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of networks that learned nothing."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(1)
    torch.save(VoiceNet().state_dict(), folder / "all.pt")
    torch.save(NoiseNet().state_dict(), folder / "noise.pt")
    faces: dict[str, tuple[float, ...]] = {"mien-face-3.0.0": (0.9,) * 8}
    save(Worth(1.2, 0.3, (*[0.7] * 7, 0.0), [(0.0, 0.6), (20.0, 1.0)], 0.0, faces, 10, 2, 1, 1), folder)
    return folder


def test_a_desk_loads_what_was_written(run: Path, tmp_path: Path) -> None:
    assert main.main(["voice", str(run), "--out", str(tmp_path / "voice")]) == 0
    bundle = voice_card.named(str(tmp_path / "voice"))
    assert bundle.card.temperature == 1.2
    assert bundle.card.merging.other_faces == (0.9,) * 8
    assert Hearing(bundle).second(np.zeros(16000, np.float32)).shares is None
    assert (tmp_path / "voice" / "NOTICE").is_file()


def test_the_files_say_what_the_networks_say(run: Path) -> None:
    made = export_voice.export(run, BUNDLES / "voice" / "speech.onnx")
    assert all(weights_of(network).share == 1.0 for network in made.networks.values())
    voice, noise = VoiceNet(), NoiseNet()
    voice.load_state_dict(torch.load(run / "all.pt", weights_only=True))
    noise.load_state_dict(torch.load(run / "noise.pt", weights_only=True))
    x = torch.randn(2, 1, bands.ROWS, bands.FRAMES) - 6.0
    y = torch.randn(1, 1, bands.BANDS, bands.NOISE_FRAMES) - 6.0
    with torch.no_grad():
        expected = voice.eval()(x)[:, RAVDESS.columns].numpy(), noise.eval()(y).numpy()
    for name, given, wanted in (("voice.onnx", {"rows": x}, expected[0]), ("noise.onnx", {"bands": y}, expected[1])):
        session = onnxruntime.InferenceSession(made.networks[name].SerializeToString())
        [found] = session.run(None, {key: each.numpy() for key, each in given.items()})
        assert np.abs(found - wanted).max() < 0.05


def test_a_voice_is_a_part_of_a_bundle_with_its_licence(run: Path, tmp_path: Path) -> None:
    main.main(["voice", str(run), "--out", str(tmp_path / "voice")])
    part = parts.find("voice", str(tmp_path / "voice"), parts.PACKAGED)
    assert part.licence == "research-only"
    assert [taken.path.name for taken in part.files] == ["voice.json", "voice.onnx", "speech.onnx", "noise.onnx"]
    out = tmp_path / "bundle"
    refused = ["bundle", "--expression", "default", "--voice", str(tmp_path / "voice"), "--out", str(out)]
    assert main.main(refused) == 1
    assert main.main([*refused, "--accept-licence", "research-only"]) == 0
    assert voice_card.named(str(out)).card.model == "mien-voice-3.0.0"


def test_a_folder_without_a_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["voice", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "holds no finished voice; run `mien-models voice train" in capsys.readouterr().err


def test_the_card_has_what_its_own_file_says(run: Path) -> None:
    card = export_voice.export(run, BUNDLES / "voice" / "speech.onnx").card
    msgspec.convert(card, voice_card.VoiceCard)
