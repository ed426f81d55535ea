"""The cover network: what is drawn, what is learned of it, and the commands that make and score it."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from edge.detect import Detector
from models.cover.card import load
from models.cover.cloth import Repertoire
from models.cover.data import VIEW, Crops, Views, drawn_crops, read_views
from models.cover.ground import Ground, mouth_covered
from models.cover.masks import covered
from models.cover.train import CoverRecipe, false_alarm_threshold, probabilities, to_onnx, train
from models.data import Bytes, Faces
from models.main import main
from models.networks.cover import CoverNet
from models.sources.people import FOLDS, fold_of

from .conftest import crops, write_faces

DETECTOR = Detector.from_bundle()


def portraits(count: int, side: int = 48) -> Bytes:
    """The face of scikit-image's portrait in other lights and places."""
    data = pytest.importorskip("skimage.data")
    grey = cv2.cvtColor(np.array(data.astronaut(), np.uint8), cv2.COLOR_RGB2GRAY)
    draw = np.random.default_rng(5)
    made = []
    for _ in range(count):
        x, y = draw.integers(-4, 5, 2).tolist()
        face = grey[60 + y : 180 + y, 163 + x : 283 + x]
        lit = (face * draw.uniform(0.5, 1.1) + draw.uniform(0, 20)).clip(0, 255).astype(np.uint8)
        made.append(cv2.resize(lit, (side, side), interpolation=cv2.INTER_AREA))
    return np.stack(made)


def table(path: Path, count: int) -> Path:
    votes = np.zeros((count, 10), np.uint8)
    votes[:, 0] = 10
    return write_faces(path, Faces(portraits(count), votes, np.zeros(count, np.int64)))


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Views:
    return read_views(table(tmp_path_factory.mktemp("views") / "faces.parquet", 12), DETECTOR)


def ground() -> Ground:
    """A face whose eyes are 32 px apart and whose mouth lies 36 px below them."""
    places = [[40, 40], [72, 40], [56, 60], [44, 76], [68, 76]]
    return Ground(np.array(places, np.float32), VIEW)


def test_a_mouth_is_covered_as_far_as_something_lies_over_it() -> None:
    nothing = np.zeros((VIEW, VIEW), np.float32)
    below_the_nose = nothing.copy()
    below_the_nose[65:] = 1
    assert mouth_covered(ground(), nothing) == 0
    assert mouth_covered(ground(), below_the_nose) == pytest.approx(1)
    assert mouth_covered(ground(), below_the_nose / 2) == pytest.approx(0.5)


def test_a_mouth_covered_to_the_left_only_is_half_covered() -> None:
    left = np.zeros((VIEW, VIEW), np.float32)
    left[:, :56] = 1
    assert mouth_covered(ground(), left) == pytest.approx(0.5, abs=0.03)


def test_what_is_drawn_aside_mostly_leaves_the_mouth_free() -> None:
    face = np.full((VIEW, VIEW), 128, np.uint8)
    draw = np.random.default_rng(1)
    before = [covered(face, ground(), face[None], draw)[1] for _ in range(60)]
    aside = [covered(face, ground(), face[None], draw, kind="aside")[1] for _ in range(60)]
    assert np.median(before) > 0.9
    assert np.median(aside) < 0.2


def test_nothing_is_drawn_outside_its_cover() -> None:
    """A picture that says 7 everywhere still says so where the cover is 0, though not below it."""
    face = np.full((VIEW, VIEW), 7, np.uint8)
    drawn, hidden = covered(face, ground(), face[None], np.random.default_rng(3))
    assert hidden > 0.9
    assert (drawn[:30] == 7).all()
    assert (drawn != 7).any()


def test_the_same_seed_draws_the_same_crops(views: Views) -> None:
    first, again, other = (drawn_crops(views[:4], DETECTOR, 0.793, Repertoire(), seed) for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images[:8], other.images[:8])


def test_of_each_face_one_crop_is_as_it_was_and_free(views: Views) -> None:
    made = drawn_crops(views, DETECTOR, 0.793, Repertoire(), 1)
    assert (~made.drawn).sum() == len(views)
    assert made.labels[~made.drawn].max() == 0
    assert 0.2 < made.labels.mean() < 0.8


def test_a_person_is_in_one_fold_whichever_the_row() -> None:
    assert {fold_of(f"person {i}") for i in range(100)} == set(range(FOLDS))
    assert fold_of("Ada") == fold_of("Ada")


def test_it_learns_to_tell_a_blank_lower_half(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (256, 48, 48), dtype=np.uint8)
    labels = (np.arange(256) % 2).astype(np.float32)
    images[1::2, 24:] = 100
    made = Crops(images, labels, labels > 0)
    onnx.save(to_onnx(train(made, CoverRecipe(epochs=12, batch=32))), tmp_path / "cover.onnx")
    values = probabilities(tmp_path / "cover.onnx", made)
    assert values[1::2].min() > values[::2].max()


def test_the_threshold_lets_the_given_share_of_free_faces_over_it() -> None:
    clear = np.linspace(0, 1, 1001).astype(np.float32) ** 2
    threshold = false_alarm_threshold(clear, 0.1)
    assert (clear > threshold).mean() == pytest.approx(0.1, abs=0.005)


def test_the_onnx_file_gives_the_network_s_probability() -> None:
    torch.manual_seed(3)
    network = CoverNet()
    with torch.no_grad():
        network(torch.randn(16, 1, 40, 40))  # batch-norm statistics other than those it was born with
    network.eval()
    x = torch.from_numpy(crops(4)[:, None].astype(np.float32) / 64 - 2)
    session = onnxruntime.InferenceSession(to_onnx(network).SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = torch.sigmoid(network(x)).numpy()
    np.testing.assert_allclose(session.run(None, {"face": x.numpy()})[0], expected, atol=2e-3)


def test_the_commands_make_a_network_with_its_card_and_score_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], others: Faces
) -> None:
    data, valid = table(tmp_path / "faces.parquet", 100), write_faces(tmp_path / "valid.parquet", others)
    bundle = tmp_path / "bundle"
    files = ["--train-data", str(data), "--more-data", str(data), "--valid-data", str(valid)]
    assert main(["train-cover", "--bundle", str(bundle), "--epochs", "1", "--without", "prints", *files]) == 0
    card = load(bundle / "cover.json")
    assert "Left out were printed patterns" in card.training
    assert "seed 1" in card.training
    assert main(["evaluate-cover", "--bundle", str(bundle), "--data", str(data), "--count", "3"]) == 0
    assert "3 faces" in capsys.readouterr().out


def test_a_file_without_faces_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], others: Faces
) -> None:
    path = str(write_faces(tmp_path / "noise.parquet", others))
    assert main(["evaluate-cover", "--data", path]) == 1
    assert f"{path}: the detector finds no face" in capsys.readouterr().err
