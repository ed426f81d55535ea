"""The documents name only commands, options, settings, topics, fields, files and variables that exist, and all of them.

Beside each check stands a text that is wrong, which the check must find.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from central.settings import Settings as CentreSettings
from contract.reading import Reason
from contract.signing import TRUST_FILE
from contract.topics import CENTRE, Channel
from edge.settings import Settings as DeskSettings
from edge.settings import load
from tests.docs import PAGES, commands, contract, names
from tests.docs.commands import PARSERS, ROOT, options, subcommands
from tests.docs.names import DOCUMENTS

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = names.make_targets(MAKEFILE)
HELP = "\n".join(line.removeprefix("#") for line in MAKEFILE.split("\n\n")[0].splitlines())
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS} | {"make help": HELP}
each = pytest.mark.parametrize("document", TEXTS)


def _path(document: str) -> Path:
    return ROOT / ("Makefile" if document == "make help" else document)


def test_the_documents_are_read() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/settings.md", "docs/centre.md", "docs/commands.md"} <= set(TEXTS)


# ---- pages made from the code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_made_from_the_code_is_as_the_code_makes_it(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path](), "run make docs"


def test_the_page_of_commands_has_every_subcommand_and_option() -> None:
    page = commands.page()
    for name, parser in PARSERS.items():
        for word, sub in subcommands(parser).items():
            section = page.split(f"### `{name} {word}`\n")[1].split("\n#")[0]
            assert all(
                f"`{option}" in section or f", {option}" in section for option in options(sub) - {"-h", "--help"}
            )


def test_a_new_option_changes_the_page_of_commands() -> None:
    parser = argparse.ArgumentParser(prog="mien-new")
    sub = parser.add_subparsers().add_parser("do", help="do it")
    before = list(commands._command(parser))
    sub.add_argument("--fast", type=int, default=3, metavar="N", help="how fast (%(default)s)")
    assert set(commands._command(parser)) - set(before) >= {"| `--fast N` | `3` | how fast (3) |"}


@pytest.mark.parametrize("name", PARSERS)
def test_every_argument_says_what_it_does(name: str) -> None:
    silent = [
        f"{word} {argument.option_strings or argument.dest}"
        for word, sub in subcommands(PARSERS[name]).items()
        for argument in sub._actions
        if not argument.help
    ]
    assert silent == []


def test_the_page_of_the_contract_has_every_topic_reason_message_and_field() -> None:
    page = contract.page()
    assert {f"`mien/v1/boxes/<box>/{channel.value}`" in page for channel in Channel} == {True}
    assert f"`{CENTRE}`" in page
    assert {f"| `{reason.value}` |" in page for reason in Reason} == {True}
    for struct in contract.all_structs():
        section = page.split(f"### {struct.__name__}\n")[1].split("\n#")[0]
        assert [name for name in struct.__struct_fields__ if f"| `{name}` |" not in section] == []


@pytest.mark.parametrize("struct", contract.all_structs(), ids=lambda struct: str(struct.__name__))
def test_every_field_of_the_contract_says_what_it_means(struct: type) -> None:
    fields = getattr(struct, "__struct_fields__", ())
    assert [name for name in fields if name != "version" and name not in contract.comments(struct)] == []


# ---- names in texts -----------------------------------------------------------------------------------------------


@each
def test_a_document_names_only_what_there_is(document: str) -> None:
    text = TEXTS[document]
    known = names.identifiers()
    assert names.wrong_commands(text) == []
    assert names.wrong_targets(text, TARGETS) == []
    assert names.wrong_settings(text) == []
    assert names.wrong_topics(text) == []
    assert names.wrong_paths(text, _path(document)) == []
    assert names.wrong_anchors(text, _path(document)) == []
    assert names.unknown_identifiers(text, known) == []
    assert names.variables_named(text) - names.variables_read() - names.variables_of_make(MAKEFILE) == set()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("`mien-desk rum desk.toml`", "mien-desk rum: no such subcommand"),
        ("```\n$ mien-central place b --dsk X\n```\n", "mien-central place: no option --dsk"),
        ("`mien-models train --boxes 3`", "mien-models train: no option --boxes"),
        ("`mien-models data build csv F --person P`", "mien-models data build csv: no option --person"),
        ("run `mien-dsk run` then", "mien-dsk run: no command mien-dsk"),
        ("with `--retry-aside`", "--retry-aside: no command has this option"),
        ("`python -m bench.dask`", "python -m bench.dask: no such module"),
        ("`python -m bench.desk --pear X`", "python -m bench.desk: no option --pear"),
    ],
)
def test_a_command_or_an_option_that_is_none_is_found(text: str, fault: str) -> None:
    assert names.wrong_commands(text) == [fault]


@pytest.mark.parametrize(
    ("check", "text", "fault"),
    [
        (lambda text: names.wrong_targets(text, {"test"}), "`X=1 make tset`", "make tset: no such target"),
        (names.wrong_settings, "`store.keep_day`", "store.keep_day: no such setting"),
        (names.wrong_settings, "```\nweb.prt = 1\n```\n", "web.prt: no such setting"),
        (names.wrong_topics, "`mien/v1/boxes/%u/reading`", "mien/v1/boxes/%u/reading: no such topic"),
        (names.wrong_topics, "`mien/v2/centre`", "mien/v2/centre: no such topic"),
        (lambda text: names.wrong_paths(text, ROOT / "README.md"), "[a](docs/no.md)", "docs/no.md: no such file"),
        (lambda text: names.wrong_paths(text, ROOT / "README.md"), "`edge/no.py`", "edge/no.py: no such file"),
        (
            lambda text: names.wrong_anchors(text, ROOT / "README.md"),
            "[a](docs/centre.md#nowhere)",
            "docs/centre.md#nowhere: no such heading",
        ),
        (
            lambda text: names.unknown_identifiers(text, {"clock_ok"}),
            "`clock_ok` and `clock_set`",
            "clock_set: nothing of ours has this name",
        ),
    ],
)
def test_a_name_of_something_that_is_not_there_is_found(
    check: Callable[[str], list[str]], text: str, fault: str
) -> None:
    assert check(text) == [fault]


# ---- all of them --------------------------------------------------------------------------------------------------


def test_make_help_names_every_target() -> None:
    assert {target for target in TARGETS if not re.search(rf"^ *make {target} ", HELP, re.M)} == set()


def test_make_help_names_no_other_target() -> None:
    assert set(re.findall(r"^ *make ([a-z-]+)", HELP, re.M)) == TARGETS


def test_every_environment_variable_is_named_in_a_document() -> None:
    named = set().union(*(names.variables_named(text) for text in TEXTS.values()))
    assert names.variables_read() - named == set()


def test_variables_are_found_where_they_are_read_and_where_they_are_named() -> None:
    source = 'URL: str = "MIEN_B"\nos.environ.get("MIEN_A")\nos.environ[URL]\nos.getenv("MIEN_C", "x")\n'
    assert set(names._read_in(source)) == {"MIEN_A", "MIEN_B", "MIEN_C"}
    assert names.variables_named("`MIEN_X=1 make demo`, `CAMERA=0`, DEMO_NO, `DEMO_YES`") == {
        "MIEN_X",
        "CAMERA",
        "DEMO_YES",
    }


@pytest.mark.parametrize(
    ("document", "root"),
    [("docs/settings.md", DeskSettings), ("docs/centre.md", CentreSettings)],
    ids=["desk", "centre"],
)
def test_a_document_lists_every_setting_with_its_default_and_no_other(document: str, root: type) -> None:
    expected = {key: names.shown_default(default) for key, default in names.settings(root).items()}
    listed = names.listed_settings(TEXTS[document])
    assert len(listed) == len(dict(listed))
    assert {key: value.strip('"') for key, value in listed} == {
        key: value.strip('"') for key, value in expected.items()
    }


def test_listed_settings_are_read_line_by_line_and_several_of_a_line() -> None:
    text = "| `a.b` | `3` | x |\n| `a.c`, `a.d` | `1`, none | y |\n| `a.e`, `a.f` | none | z |\n"
    assert names.listed_settings(text) == [
        ("a.b", "3"),
        ("a.c", "1"),
        ("a.d", "none"),
        ("a.e", "none"),
        ("a.f", "none"),
    ]


def test_the_example_in_the_settings_of_a_desk_is_a_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(TEXTS["docs/settings.md"].split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert load(path).box.id == "desk-01"


def test_the_example_in_the_page_of_bundles_is_a_trust_file() -> None:
    example = TEXTS["docs/bundles.md"].split("```json\n")[1].split("```")[0]
    assert [key.name for key in TRUST_FILE.decode(example.encode()).keys] == ["ours"]
