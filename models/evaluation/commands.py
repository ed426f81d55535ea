"""The commands of `mien-models` that measure a bundle's network: `evaluate`, `card` and `quality`."""

import argparse
from argparse import Namespace
from pathlib import Path

import msgspec

from models.card import Card, load
from models.card import save as save_card
from models.datasets import EMOTION, FER_2013, FER_PLUS, MUXSPACE, TAIWANESE, VALID, data_file
from models.evaluation import results as results_file
from models.evaluation.degrade import SPOILS
from models.evaluation.evaluate import Choice, Report, Scorer, report, table
from models.evaluation.measured import measure, score_of
from models.evaluation.page import page
from models.evaluation.plots import plots
from models.evaluation.populations import Group, Unlabelled, by_column, unlabelled
from models.evaluation.quality import curves
from models.evaluation.quality import table as quality_table
from models.model import CARD
from models.registry import bundle_named
from models.samples import has_labels
from models.sources.people import FOLDS

FACES = Path("runs/faces")

EVALUATE = f"""examples:
  mien-models evaluate --data fer2013plus/valid.parquet --labels ferplus
  mien-models evaluate --model vgg-face --data test.parquet --labels fer2013 --json
  mien-models evaluate --data faces.parquet --labels emotion --point expressive --by performer
  mien-models evaluate --data muxspace/muxspace.parquet --labels emotion --people-folds 3 4
  mien-models evaluate --data taiwanese/taiwanese.parquet --labels emotion --degrade noise
  mien-models evaluate --data utkface/utkface.parquet --by group --by age

The file has a column `image`: the bytes of picture files of any format. Pictures of 48x48 are faces already; on others
the face is found and cut as on the desk. Other columns do not matter, but for those of the labels:
  ferplus   neutral happiness surprise sadness anger disgust fear contempt unknown NF: votes; their official majority
  fer2013   fer2013: names, of seven
  emotion   emotion: names; or intended and rated_*: what at least half of the raters chose, neutral where intended
A row without a label is passed over. A file without labels is told by what is found in it and answered to it.
Data files are looked for as given, then under the folder in MIEN_DATA.

JSON: n, accuracy, standard_error, macro_f1, ece (15 bins), recall and labelled by expression, accuracy_at_coverage
(by "100", "95", "90", "80": over the surest of the faces), unsure (the share under the point's unsure_below),
accuracy_of_sure, classes, confusion (rows are labels), not_found, copies_left_out, and what was asked: model, sha256,
point, data, labels, rows, degrade, people_folds, flip; with --by also `by`: column, value, then n, accuracy, low and
high (95 %). Shares lie between 0 and 1. Without labels: model, sha256, point, data, degrade, `all` and `by`, each with
pictures, found, low, high, shares, margin, unsure.

--degrade, after the face was found: noise of 0.06 of the range on what the network sees; small: the face 20 pixels wide
before it is scaled up; masked: a grey polygon from the nose down. --people-folds: people are dealt into {FOLDS} folds
by their name (column `person`); muxspace trains on 0 1 2 alone."""

CARDS = """examples:
  mien-models card --measure                    everything anew: the results file, the scores on the card, its page
  mien-models card --model vgg-face --measure   the same for another bundle
  mien-models card                              the page and its plots alone, from the card and the results"""

QUALITY = """examples:
  mien-models quality                           into the results file of the default's model; then `mien-models card`
  mien-models quality --model vgg-face --every 8

Each n-th of the posed faces is made smaller, blurred, dark and covered step by step, and looked at as the desk looks;
faces of news photos show how far a head may be turned."""


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]", pages: Path) -> None:
    """Adds the commands; `pages` is the default folder of the cards' pages."""
    _add_evaluate(sub)
    card = _command(sub, "card", "write the card's page, and with --measure its scores first", CARDS)
    card.add_argument("--pages", type=Path, default=pages, help="folder of the pages")
    card.add_argument("--results", type=Path, default=results_file.RESULTS, help="folder of the results files")
    card.add_argument("--measure", action="store_true", help="score on all data sets first, and put it in the card")
    card.add_argument("--cache", type=Path, default=FACES, help="keeps which faces were found; default %(default)s")
    card.set_defaults(run_command=write_card)
    quality = _command(sub, "quality", "accuracy against each quality that the desk's gate looks at", QUALITY)
    quality.add_argument("--point", default="", help="operating point (default: the card's first)")
    quality.add_argument("--posed", type=Path, default=TAIWANESE, help="faces to spoil; MIEN_DATA/%(default)s")
    quality.add_argument("--every", type=int, default=4, help="spoil each n-th of them (default %(default)s)")
    quality.add_argument("--turned", type=Path, default=MUXSPACE, help="faces as they are; MIEN_DATA/%(default)s")
    quality.add_argument("--people-folds", type=int, nargs="+", choices=range(FOLDS), default=[3, 4], help="of those")
    quality.add_argument("--out", type=Path, help="results file (default: the model's own)")
    quality.add_argument("--cache", type=Path, default=FACES, help="keeps which faces were found; default %(default)s")
    quality.set_defaults(run_command=write_quality)


def _command(
    sub: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_text: str, examples: str
) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    command = sub.add_parser(name, help=help_text, epilog=examples, formatter_class=raw)
    command.add_argument("--model", default="default", help="a packaged bundle, its network's name, or a folder")
    return command


def _add_evaluate(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _command(sub, "evaluate", "score a bundle's network on a file of faces", EVALUATE)
    command.add_argument("--data", type=Path, default=VALID, help="parquet file (MIEN_DATA/%(default)s)")
    command.add_argument(
        "--labels", choices=(FER_PLUS, FER_2013, EMOTION), default="", help="which labels (default: as the columns say)"
    )
    command.add_argument("--unlabelled", action="store_true", help="as if the file had no labels")
    command.add_argument(
        "--point", default="", help="operating point (default: the one named as the labels are, else the card's first)"
    )
    command.add_argument("--by", action="append", default=[], metavar="COLUMN", help="by its values too; repeatable")
    command.add_argument("--degrade", choices=tuple(SPOILS), default="", help="spoil the faces first")
    command.add_argument(
        "--people-folds", type=int, nargs="+", choices=range(FOLDS), default=[], metavar="FOLD", help="these people"
    )
    command.add_argument("--rows", choices=("all", "even", "odd"), default="all", help="which labelled faces to score")
    command.add_argument("--no-flip", action="store_true", help="without averaging over the mirror image")
    command.add_argument("--crop", type=float, help="another crop, in parts of the box's height (default: the card's)")
    command.add_argument("--without-copies-of", type=Path, help="FER+ file whose near copies are not scored")
    command.add_argument("--json", action="store_true", help="print JSON in place of the table")
    command.set_defaults(run_command=evaluate_file)


def evaluate_file(options: Namespace) -> None:
    """Prints the scores of a bundle on one file."""
    copies = data_file(options.without_copies_of) if options.without_copies_of else None
    data = data_file(options.data)
    choice = Choice(
        labels=options.labels,
        point=options.point,
        rows=options.rows,
        flip=False if options.no_flip else None,
        crop=options.crop,
        without_copies_of=copies,
        degrade=options.degrade,
        people_folds=tuple(options.people_folds),
        by=tuple(options.by),
    )
    scorer = Scorer(bundle_named(options.model))
    if options.unlabelled or not (options.labels or has_labels(data)):
        found = unlabelled(scorer, data, choice)
        print(msgspec.json.encode(found).decode() if options.json else unlabelled_text(found))
        return
    answer = scorer.answer(data, choice)
    made = report(answer, data, choice)
    groups = {column: by_column(answer, column) for column in choice.by}
    print(_as_json(made, groups) if options.json else "\n\n".join([table(made), *_groups_text(groups)]))


def _as_json(made: Report, groups: dict[str, dict[str, Group]]) -> str:
    whole = msgspec.to_builtins(made)
    if groups:
        whole["by"] = msgspec.to_builtins(groups)
    return msgspec.json.encode(whole).decode()


def _groups_text(groups: dict[str, dict[str, Group]]) -> list[str]:
    return [
        "\n".join(
            [
                f"{column:<16}{'faces':>7}{'accuracy':>10}   95 %",
                *(
                    f"{value:<16}{group.n:>7}{group.accuracy:>10.1%}   {group.low:.1%} to {group.high:.1%}"
                    for value, group in values.items()
                ),
            ]
        )
        for column, values in groups.items()
    ]


def unlabelled_text(made: Unlabelled) -> str:
    """What was found and answered, for people: a line for each value, mean shares in percent."""
    names = list(made.all.shares)
    lines = [f"{made.data}, without labels; {made.model} at {made.point}; mean shares in percent"]
    for column, groups in {"": {}, **made.by}.items():
        lines += ["", f"{column:<16}{'pictures':>9}{'found':>8}{'unsure':>8}" + "".join(f"{n[:9]:>10}" for n in names)]
        for value, shift in (groups or {"all": made.all}).items():
            shares = "".join(f"{100 * shift.shares[name]:>10.1f}" for name in names)
            lines.append(f"{value:<16}{shift.pictures:>9}{shift.found:>8.1%}{shift.unsure:>8.1%}{shares}")
    return "\n".join(lines)


def write_card(options: Namespace) -> None:
    """Writes the card's page and its plots; with --measure scores all data sets first."""
    bundle = bundle_named(options.model)
    if options.measure:
        _measure(bundle, options.results, options.cache)
    card = load(bundle / CARD)
    for path in write_pages(card, options.pages, options.results):
        print(path)


def _measure(bundle: Path, folder: Path, cache: Path) -> None:
    made = measure(Scorer(bundle, cache), lambda name, scored: print(f"{name}\n{table(scored)}\n", flush=True))
    card = load(bundle / CARD)
    path = results_file.path_of(card, folder)
    before = results_file.load(card, path)
    if before is not None:  # of the same weights: what `quality` measured still holds
        made = msgspec.structs.replace(made, quality=before.quality, quality_command=before.quality_command)
    results_file.save(made, path)
    save_card(msgspec.structs.replace(card, scores=tuple(map(score_of, made.scores))), bundle / CARD)


def write_pages(card: Card, pages: Path, folder: Path) -> list[Path]:
    """Writes a card's page into `pages` and its plots into a folder of its name there; what else is in it goes."""
    text, made = page_of(card, folder)
    texts = {pages / f"{card.name}.md": text}
    texts |= {pages / card.name / name: svg for name, svg in made.items()}
    for path in (pages / card.name).glob("*.svg"):
        if path not in texts:
            path.unlink()
    for path, written in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, encoding="utf-8")
    return list(texts)


def page_of(card: Card, folder: Path = results_file.RESULTS) -> tuple[str, dict[str, str]]:
    """A card's page, and its plots by their file names, from the results in `folder`."""
    results = results_file.load(card, results_file.path_of(card, folder))
    made = plots(results) if results is not None else {}
    more: list[str] = []
    if card.over_time is not None or card.input.frames > 1:
        from models.temporal import page as over_time_page  # brings torch, which no other card needs
        from models.temporal import results as over_time_results

        over_time = over_time_results.load(folder)
        keeps = card.over_time is not None
        more = over_time_page.sections(card.name, over_time, keeps=keeps)
        made |= over_time_page.plots(over_time) if keeps else {}
    return page(card, results, more), made


def write_quality(options: Namespace) -> None:
    """Measures accuracy against each quality, prints it, and writes it into the results file."""
    bundle = bundle_named(options.model)
    scorer = Scorer(bundle, options.cache)
    card = scorer.card
    model = scorer.model(options.point)
    posed = scorer.pictures(data_file(options.posed), EMOTION)
    turned = scorer.pictures(data_file(options.turned), EMOTION, options.people_folds)
    found = curves(model, posed, turned, options.every)
    print(quality_table(found))
    path = options.out or results_file.path_of(card)
    before = results_file.load(card, path) or results_file.empty(card)
    command = f"mien-models quality --model {card.name}"
    command += f" --point {options.point}" if options.point else ""
    command += f" --every {options.every}"
    results_file.save(
        msgspec.structs.replace(before, quality=tuple(map(results_file.rounded, found)), quality_command=command), path
    )
    print(path)
