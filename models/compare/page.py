"""docs/models.md: the results of a comparison as tables, beside the plots and the rules by which they came about."""

from collections.abc import Callable

from contract.expressions import EXPRESSIONS
from models.compare.paired import Paired
from models.compare.plots import FEW, Line, lines, row_of
from models.compare.protocol import HEAVY
from models.compare.results import DataFacts, ModelFacts, Results, Scored
from models.plotting import STACK
from models.samples import PICTURE_OF_BOX_HEIGHT
from models.scores import BINS

SEEN = "†"
LEARNED = "‡"


def page(results: Results) -> str:
    """The whole page as Markdown."""
    parts = (_head, _models, _accuracy, _against, _recall, _calibration, _coverage, _cost, _crops, _rules, _limits)
    return "\n".join(line for part in parts for line in part(results)) + "\n"


def _head(results: Results) -> list[str]:
    machine = results.machine
    libraries = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    lines_ = [
        "# Models compared",
        "",
        "Every model that is there under one protocol on one machine. This page and its plots are made from "
        "[models/results/compare.json](../models/results/compare.json), and that by",
        "",
        "```",
        results.command,
        "```",
        "",
        f"on {results.date}, protocol {results.protocol}; {machine.processor}, {machine.cores} cores, "
        f"{machine.system}; Python {machine.python}, {libraries}.",
        "",
        "A network that is used at several points has a row for each in the tables, and is drawn at its first.",
    ]
    if not any(model.is_peer for model in results.models):
        lines_ += ["", "No peer was measured in this run."]
    return lines_


def _models(results: Results) -> list[str]:
    rows = [
        [
            _name(model),
            _expressions(model),
            _crop(model),
            "yes" if model.mirror else "no",
            model.runtime,
            "; ".join(model.trained_on),
        ]
        for model in results.models
    ]
    heads = ["model", "expressions", "sees", "mirror averaged", "runtime", "trained on"]
    notes = [f"- {_name(model)}: {model.note.removesuffix('.')}." for model in results.models if model.note]
    return ["", "## The models", "", *_table(heads, rows), *([""] if notes else []), *notes]


def _expressions(model: ModelFacts) -> str:
    lacking = [name for name in EXPRESSIONS if name not in model.classes]
    return f"{len(model.classes)}{f', without {_and(lacking)}' if lacking else ''}"


def _crop(model: ModelFacts) -> str:
    crop = "any crop" if model.crop is None else f"{model.crop} of the box's height"
    return f"{model.size} px, {crop}"


def _accuracy(results: Results) -> list[str]:
    text = [
        "",
        "## Accuracy",
        "",
        _picture("accuracy", "Accuracy of each model on each data set, with standard errors; the table below says it"),
        "",
        f"Percent, with one standard error; {SEEN} marks data from a collection whose other pictures the model was "
        f"trained on, {LEARNED} that it was trained on these very pictures: such a score says what it remembers, is "
        "nobody's best and is in no plot. The best of a column is bold.",
        "",
        *_by_data(results, lambda row: row.accuracy, lambda row: f" ± {100 * row.standard_error:.1f}"),
        "",
        "Macro-F1 over the expressions that the labels hold, percent: each expression counts alike, however rare.",
        "",
        *_by_data(results, lambda row: row.macro_f1),
    ]
    return text


def _against(results: Results) -> list[str]:
    if not results.paired:
        return []
    found = [
        "",
        "## Against the peer, face by face",
        "",
        _picture("paired", "Each model's accuracy less the peer's on each data set, with intervals; the table says it"),
        "",
        "A model's accuracy less the peer's at its best crop, in points, on the same faces, with the 95 % interval. "
        "Whole people are drawn again and again for it, since the faces of one person are alike; faces where nobody is "
        f"named. Bold where zero lies outside; {LEARNED} where the model was trained on these very pictures.",
        "",
    ]
    names = [data.name for data in results.data]
    people = {each.data: each.people for each in results.paired}
    counts = ["drawn are", *(f"{people[name]} people" if people[name] else "faces" for name in names)]
    learned = {(row.model, row.data) for row in results.scores if row.learned}
    rows = []
    for peer, model in dict.fromkeys((each.peer, each.model) for each in results.paired):
        at = {each.data: each for each in results.paired if (each.peer, each.model) == (peer, model)}
        cells = [_difference(at[name], learned=(model, name) in learned) for name in names]
        rows.append([f"{model} less {peer}", *cells])
    return [*found, *_table(["model", *names], [counts, *rows])]


def _difference(pair: Paired, *, learned: bool) -> str:
    shown = f"{100 * pair.difference:+.1f}"
    told = f"{f'**{shown}**' if pair.clear and not learned else shown} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
    return f"{told} {LEARNED}" if learned else told


def _recall(results: Results) -> list[str]:
    found = [
        "",
        "## Recall by class",
        "",
        _picture("recall", "Recall of each expression on each data set; the tables below say it"),
        "",
        "Percent of the faces with that label that the model gives that name; under each name, how many there are.",
    ]
    for data in results.data:
        rows = []
        for line in lines(results):
            row = row_of(results, line, data.name)
            rows.append([_called(line, row), *(_percent(row.recall.get(name), digits=0) for name in STACK)])
        counts = ["faces", *(str(data.labelled.get(name, "")) for name in STACK)]
        found += ["", f"### {data.name}", "", *_table(["model", *STACK], [counts, *rows])]
    return found


def _calibration(results: Results) -> list[str]:
    return [
        "",
        "## Calibration",
        "",
        _picture("reliability", "The part that is right beside the largest share, in bins; the table below sums it up"),
        "",
        f"Expected calibration error of the largest share over {BINS} equal bins, percent; the lowest of a column is "
        f"bold. Bins of fewer than {FEW} faces are not drawn.",
        "",
        *_by_data(results, lambda row: row.calibration_error, best=min),
    ]


def _coverage(results: Results) -> list[str]:
    parts = list(results.scores[0].coverage)
    heads = ["data", "model", *(f"{part} %" for part in parts)]
    rows = []
    for data in results.data:
        for line in lines(results):
            row = row_of(results, line, data.name)
            rows.append([data.name, _called(line, row), *(_percent(row.coverage[part]) for part in parts)])
    return [
        "",
        "## Accuracy where the least sure faces are left out",
        "",
        _picture("coverage", "Accuracy over the surest part of the faces; the table below says it"),
        "",
        "Percent right of the part of the faces whose largest share is highest.",
        "",
        *_table(heads, rows),
    ]


def _cost(results: Results) -> list[str]:
    facts = {model.id: model for model in results.models}
    first = results.speed[0] if results.speed else None
    rows = []
    for speed in results.speed:
        model = facts[speed.model]
        rows.append(
            [
                _name(model),
                f"{speed.wall_ms:.2f} ({speed.lowest_ms:.2f} to {speed.highest_ms:.2f})",
                f"{speed.cpu_ms:.2f}",
                f"{speed.cpu_ms / first.cpu_ms:.2f}" if first else "",
                f"{speed.resident_mb:.0f}",
                f"{model.bytes / 1e6:.2f}",
                f"{model.parameters / 1e6:.3f}",
                f"{model.multiply_adds / 1e6:.1f}" if model.multiply_adds else "",
            ]
        )
    relative = f"CPU, {first.model} = 1" if first else ""
    heads = ["model", "ms a face", "CPU ms", relative, "resident MB", "file MB", "M parameters", "M multiply-adds"]
    return [
        "",
        "## Speed, memory and size",
        "",
        _picture("cost", "Milliseconds a face, resident memory, file size and parameters; the table below says it"),
        "",
        f"From a grey crop to probabilities, one face at a time, one thread, the mirror image included where a model "
        f"uses it: the median of {results.rounds} rounds of {results.faces_a_round} faces (lowest to highest), the "
        "models by turns on one core in processes of their own. CPU time is what other work on the machine disturbs "
        f"less; its load was {results.machine.load}. Memory is that of the process with its runtime, without a "
        "detector.",
        "",
        *_table(heads, rows),
    ]


def _crops(results: Results) -> list[str]:
    columns = _tried(results)
    found = {(each.data, each.model, each.crop): each.accuracy for each in results.crops}
    rows = []
    for data in results.data:
        for model in results.models:
            cells = [found.get((data.name, model.id, crop)) for crop in columns]
            if sum(cell is not None for cell in cells) < 2:  # scored at its own crop alone
                continue
            own = model.crop
            shown = [
                f"**{_percent(x)}**" if crop == own else _percent(x) for crop, x in zip(columns, cells, strict=True)
            ]
            rows.append([data.name, _name(model), *shown])
    return [
        "",
        "## How much the crop matters",
        "",
        "Accuracy in percent by the crop's side in parts of the height of the detector's box; bold: what the model's "
        f"card asks for; of each model's operating points the first, and no network of over {HEAVY // 10**6} M "
        f"multiply-adds. A face picture ends at {PICTURE_OF_BOX_HEIGHT}.",
        "",
        *_table(["data", "model", *(f"{crop:g}" for crop in columns)], rows),
    ]


def _tried(results: Results) -> list[float]:
    """The crops at which models are scored beside their own: those of a model that has several on a data set."""
    each = [(crop.data, crop.model) for crop in results.crops]
    return sorted({crop.crop for crop in results.crops if each.count((crop.data, crop.model)) > 1})


def _rules(results: Results) -> list[str]:
    first = results.models[0].id
    tried = _tried(results)
    return [
        "",
        "## The protocol",
        "",
        *_table(
            ["data", "file", "faces", "no face found", "labellers could choose", "what it is"],
            [_data_row(data) for data in results.data],
        ),
        "",
        "- Every model sees the same faces, found by the desk's detector (face pictures need none) and cut by the "
        "desk's own function; pictures without a face found are not scored.",
        "- An expression that the labellers could not choose is dropped from a model's answer and the rest made to sum "
        "to 1. One that they could choose and a model does not know has no share: the model is wrong on every such "
        "face, and that counts. Neutral is never dropped: an expression taken for neutral is an error.",
        f"- A bundle's model sees the crop of its card. A peer comes without a rule, so it has two rows: with the crop "
        f"of {first}, and with the best of {_and([f'{crop:g}' for crop in tried])}, chosen by accuracy on the very "
        "data set that is scored, which favours it.",
        "- Each model is used as it ships: its own size, mirror image and temperature; nothing is fitted here.",
        f"- {SEEN} goes by the names of the data that a card was trained on. For FER+ and FER-2013 that is another "
        "split of the same collection, whose pictures are alike.",
        "- The scores on a model's own card are over all eight expressions, so they differ from these where labellers "
        "could not choose contempt.",
        "",
        "A model joins by being there: a folder with an `expression.json` under `edge/bundles/` (or `--bundle DIR`), "
        "once for its own output and once for each operating point on its card. Another project's model is a line in "
        "`models/registry.py` and a script in `models/peers/`.",
    ]


def _data_row(data: DataFacts) -> list[str]:
    lacking = [name for name in EXPRESSIONS if name not in data.offered]
    offered = f"all but {_and(lacking)}" if lacking else "all eight"
    return [data.name, f"`{data.file}`", str(data.faces), str(data.not_found), offered, data.note]


def _limits(results: Results) -> list[str]:
    return [
        "",
        "## What this does not say",
        "",
        "- How a model reads faces at a desk: none of these pictures was taken there. The ones nearest to it are the "
        "news pictures of muxspace, and their labels are noisy.",
        "- Which of two of our models is better where they differ by less than two standard errors. Those errors take "
        "faces as independent; the faces of one person are not, so on the posed sets the true ones are larger.",
        "- How errors differ between groups of people.",
    ]


def _by_data(
    results: Results,
    value: Callable[[Scored], float],
    after: Callable[[Scored], str] = lambda row: "",
    best: Callable[[list[float]], float] = max,
) -> list[str]:
    """A row a model, a column a data set; the best value of a column is bold."""
    tops = {data.name: best([value(row) for row in results.of(data.name) if not row.learned]) for data in results.data}

    def cell(line: Line, data: str) -> str:
        row = row_of(results, line, data)
        shown = _percent(value(row))
        bold = f"**{shown}**" if value(row) == tops[data] and not row.learned else shown
        mark = f" {LEARNED}" if row.learned else f" {SEEN}" if row.seen else ""
        return f"{bold}{after(row)}{mark}"

    names = [data.name for data in results.data]
    return _table(["model", *names], [[line.label, *(cell(line, name) for name in names)] for line in lines(results)])


def _called(line: Line, row: Scored) -> str:
    """A model's name in a table of one data set, marked where it was trained on these very pictures."""
    return f"{line.label} {LEARNED}" if row.learned else line.label


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *(f"| {' | '.join(row)} |" for row in rows)]


def _picture(name: str, says: str) -> str:
    return f"![{says}.](models/{name}.svg)"


def _name(model: ModelFacts) -> str:
    return f"{model.id} {model.version}" if model.is_peer else model.id


def _percent(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{100 * value:.{digits}f}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
