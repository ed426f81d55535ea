"""docs/models.md, its plots, README and the cards: every figure in them comes from a results file."""

import re
from pathlib import Path

import matplotlib as mpl
import msgspec
import pytest

from models.card import load
from models.compare import figures
from models.compare import results as compare_results
from models.compare.page import page as compare_page
from models.compare.plots import plots
from models.compare.results import Results
from models.cover import card as cover_card
from models.errors import CompareError
from models.evaluation import results as measured
from models.evaluation.commands import page_of
from models.main import PAGES, main
from models.model import CARD
from models.registry import BUNDLES, ROOT
from models.voice import page as voice_page
from models.voice import results as voice_results

DOCS = ROOT / "docs"
# A number with the unit of something measured.
UNITS = (
    *("%", r"percent\b", r"points?\b", r"[mµn]?s\b", r"seconds?\b", r"[kMG]i?B\b"),
    *(r"times\b", r"frames?\b", r"faces?\b", r"fps\b", "M param", r"x\b"),
)
FIGURE = re.compile(rf"\d[\d,.]*\s*(?:{'|'.join(UNITS)})")
AGAIN = "run `mien-models compare --pages-only`"


@pytest.fixture(scope="module")
def results() -> Results:
    return compare_results.load()


def readme() -> str:
    return figures.README.read_text(encoding="utf-8")


def written_figures(results: Results) -> str:
    return figures.with_figures(readme(), figures.block(results, figures.desk_results()))


def with_another_digit(results: Results) -> Results:
    """The results with the accuracy of the first row a hundredth lower."""
    first = results.scores[0]
    lower = msgspec.structs.replace(first, accuracy=round(first.accuracy - 0.01, 4))
    return msgspec.structs.replace(results, scores=[lower, *results.scores[1:]])


def test_the_comparisons_page_is_what_its_results_make(results: Results) -> None:
    assert (DOCS / "models.md").read_text(encoding="utf-8") == compare_page(results), AGAIN


def test_readmes_figures_are_what_the_results_make(results: Results) -> None:
    assert readme() == written_figures(results), AGAIN


def test_a_changed_digit_is_seen(results: Results) -> None:
    other = with_another_digit(results)
    assert compare_page(other) != (DOCS / "models.md").read_text(encoding="utf-8")
    assert written_figures(other) != readme()
    assert plots(other)["accuracy.svg"] != plots(results)["accuracy.svg"]


def test_the_plots_are_what_the_results_make(results: Results) -> None:
    drawn_by = results.versions["matplotlib"]
    if mpl.__version__ != drawn_by:
        pytest.skip(f"the plots were drawn by Matplotlib {drawn_by}, which writes other bytes than {mpl.__version__}")
    made = plots(results)
    assert {path.name for path in (DOCS / "models").glob("*.svg")} == set(made)
    for name, svg in made.items():
        assert (DOCS / "models" / name).read_text(encoding="utf-8") == svg, f"{name}: {AGAIN}"


def test_no_figure_stands_in_readme_outside_the_marks() -> None:
    assert not FIGURE.findall(figures.without_figures(readme()))


@pytest.mark.parametrize("said", ["87.0 %", "it takes 0.8 ms", "120 MB", "31 times", "3 points", "238 frames"])
def test_a_figure_by_hand_would_be_found(said: str) -> None:
    assert FIGURE.search(figures.without_figures(f"{readme()}\n{said}\n"))


def test_every_card_has_its_page_and_no_page_is_without_a_card() -> None:
    cards = [load(path) for path in BUNDLES.glob(f"*/{CARD}")]
    made = {f"{card.name}.md": page_of(card)[0] for card in cards}
    covers = (cover_card.load(path) for path in BUNDLES.glob(f"*/{cover_card.CARD}"))
    made |= {f"{cover.name}.md": cover_card.page(cover) for cover in covers}
    voice = voice_page.read_card(BUNDLES / "voice" / "voice.json")
    made[voice_page.FILE] = voice_page.page(voice, voice_results.load())
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    assert there == made, "run `mien-models card`, `mien-models evaluate-cover --card` or `voice card`"


def test_the_plots_of_a_card_are_what_its_results_make() -> None:
    for card in (load(path) for path in BUNDLES.glob(f"*/{CARD}")):
        results = measured.load(card, measured.path_of(card))
        assert results is not None, "run `mien-models card --measure`"
        if mpl.__version__ != results.matplotlib:
            pytest.skip(f"drawn by Matplotlib {results.matplotlib}, which writes other bytes than {mpl.__version__}")
        there = {path.name: path.read_text(encoding="utf-8") for path in (PAGES / card.name).glob("*.svg")}
        assert there == page_of(card)[1], "run `mien-models card`"


def test_words_on_a_card_hold_no_figures_of_their_own() -> None:
    for path in BUNDLES.glob(f"*/{CARD}"):
        card = load(path)
        words = (card.calibration, *card.limits, *card.intended_use, *card.must_not_be_used_for)
        assert not [found for text in words for found in FIGURE.findall(text)]


def test_the_comparison_is_of_the_models_that_are_there(results: Results) -> None:
    compared = {model.sha256 for model in results.models}
    assert {load(path).sha256 for path in BUNDLES.glob(f"*/{CARD}")} <= compared, "run `mien-models compare`"


def test_pages_can_be_written_elsewhere_and_leave_readme_alone(tmp_path: Path) -> None:
    before = readme()
    assert main(["compare", "--pages-only", "--pages", str(tmp_path)]) == 0
    assert (tmp_path / "models.md").read_text(encoding="utf-8") == (DOCS / "models.md").read_text(encoding="utf-8")
    assert readme() == before


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(CompareError, match=r"README\.md: lacks the marks"):
        figures.with_figures("# Mien\n", "figures")


def test_what_the_desks_results_lack_is_left_out(results: Results) -> None:
    side = {"frames_per_second": 5.0, "peak_mb": 100.0}
    clips = {"whole": {"ours": side, "peer": side}, "half": {"ours": side, "peer": {}}}
    assert "whole clip" in figures.block(results, {"clips": clips})
    assert "half clip" not in figures.block(results, {"clips": clips})
    assert figures.block(results, {"clips": {"half": clips["half"]}}) == figures.block(results)
    assert figures.desk_results(Path("/nowhere/desk.json")) is None
