"""What the pages tell of what runs a box's networks: in each language, while engines are built, where they fail."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from central.schema import boxes
from tests.central.web.conftest import HOSTILE

STEP = "face, layer 3 of 12"
FAULT = "the driver is too old; install a newer one"
LANGUAGES = ("en", "zh", "vi")
RUNS = {"en": "Runs on", "zh": "运行环境", "vi": "Chạy bằng"}
BUILDING = {"en": "Preparing TensorRT", "zh": "正在准备 TensorRT", "vi": "Đang chuẩn bị TensorRT"}


def _told(floor: Engine, box: str = "box-1", **values: Any) -> None:
    with floor.begin() as connection:
        connection.execute(update(boxes).where(boxes.c.box == box).values(values))


def _page(client: FlaskClient, path: str = "/desks/1", language: str = "en", over: str = "day") -> str:
    """A page as it is now; one made within the last second over the same range would be given again."""
    return client.get(path, query_string={"lang": language, "range": over}).text


def _facts(page: str) -> dict[str, str]:
    """The names and values of a box, as a reader sees them."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
    return {name: html.unescape(re.sub(r"<[^>]+>", "", value)) for name, value in found}


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (
            "tensorrt",
            dict.fromkeys(("en", "zh", "vi"), "TensorRT"),
        ),
        ("onnx", dict.fromkeys(LANGUAGES, "ONNX Runtime")),
        ("other-2", dict.fromkeys(LANGUAGES, "other-2")),
        (None, dict.fromkeys(LANGUAGES, "–")),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_desk_says_what_runs_its_networks(
    floor: Engine, client: FlaskClient, backend: str | None, said: dict[str, str], language: str
) -> None:
    _told(floor, backend=backend)
    assert _facts(_page(client, language=language))[RUNS[language]] == said[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_engines_are_built_the_step_stands_as_the_box_said_it(
    floor: Engine, client: FlaskClient, language: str
) -> None:
    assert BUILDING[language] not in _facts(_page(client, language=language))
    _told(floor, backend="onnx", building_step=STEP, building_share=0.424)
    assert _facts(_page(client, language=language, over="hour"))[BUILDING[language]] == f"42% · {STEP}"


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            {
                "Time for a frame": "24 ms",
                "Temperature": "61 °C",
                "Memory held": "131 MB",
                "Room on its disk": "21,480 MB",
            },
        ),
        ("zh", {"每帧耗时": "24 ms", "温度": "61 °C", "占用内存": "131 MB", "磁盘剩余空间": "21,480 MB"}),
        (
            "vi",
            {
                "Thời gian mỗi khung hình": "24 ms",
                "Nhiệt độ": "61 °C",
                "Bộ nhớ đang dùng": "131 MB",
                "Dung lượng đĩa còn trống": "21.480 MB",
            },
        ),
    ],
)
def test_what_a_box_measures_is_told_and_what_it_does_not_has_no_line(
    floor: Engine, client: FlaskClient, language: str, told: dict[str, str]
) -> None:
    assert not told.keys() & _facts(_page(client, language=language)).keys()
    _told(floor, frame_ms=24.4, temperature_c=60.6, memory_mb=131.2, disk_free_mb=21480.0)
    facts = _facts(_page(client, language=language, over="hour"))
    assert {name: facts.get(name) for name in told} == told


def test_a_box_that_is_gone_builds_nothing(floor: Engine, client: FlaskClient) -> None:
    _told(floor, online=False, building_step=STEP, building_share=0.4)
    assert BUILDING["en"] not in _facts(_page(client))
    assert "TensorRT: 40%" not in _page(client, "/boxes")


@pytest.mark.parametrize(
    ("language", "what", "do"),
    [
        ("en", "The box runs on its processor, not on its GPU.", "start the box again"),
        ("zh", "设备在处理器上运行，未使用 GPU。", "重新启动设备"),
        ("vi", "Thiết bị chạy bằng bộ xử lý, không phải GPU.", "khởi động lại thiết bị"),
    ],
)
def test_a_fault_of_the_engines_is_told_with_what_to_do(
    floor: Engine, client: FlaskClient, language: str, what: str, do: str
) -> None:
    assert what not in _page(client, language=language)
    _told(floor, backend="onnx", engine_fault=FAULT)
    page = _page(client, language=language, over="hour")
    assert what in page
    assert f'<p lang="en">{FAULT}</p>' in page
    assert do in page


@pytest.mark.parametrize(
    ("language", "notice"),
    [
        ("en", "box box-1 runs without its GPU, see why"),
        ("zh", "设备 box-1 未使用 GPU，请查看原因"),
        ("vi", "thiết bị box-1 không chạy bằng GPU, xem lý do"),
    ],
)
def test_the_floor_names_the_fault_and_leads_to_its_box(
    floor: Engine, client: FlaskClient, language: str, notice: str
) -> None:
    _told(floor, backend="onnx", engine_fault=FAULT)
    found = re.search(
        rf'<li class="n-warn">.*?<a href="/desks/1#box-h">[^<]*{notice}</a>', _page(client, "/", language)
    )
    assert found is not None
    assert 'id="box-h"' in _page(client)


def test_a_fault_of_a_simulated_box_is_not_worth_a_look(floor: Engine, client: FlaskClient) -> None:
    _told(floor, "box-2", engine_fault=FAULT)
    assert "without its GPU" not in _page(client, "/")


@pytest.mark.parametrize(
    ("language", "trouble", "building"),
    [
        ("en", "without its GPU", "TensorRT: &lt;1%"),
        ("zh", "未使用 GPU", "TensorRT：&lt;1%"),
        ("vi", "không dùng GPU", "TensorRT: &lt;1%"),
    ],
)
def test_the_boxes_say_what_runs_them_and_a_fault_is_trouble(
    floor: Engine, client: FlaskClient, language: str, trouble: str, building: str
) -> None:
    _told(floor, "box-1", backend="onnx", engine_fault=FAULT)
    _told(floor, "box-2", backend="onnx", building_step=STEP, building_share=0.001)
    page = _page(client, "/boxes", language)
    rows = dict(re.findall(r'<tr id="box-(box-\d)">(.*?)</tr>', page, re.S))
    assert RUNS[language] in page
    assert trouble in rows["box-1"]
    assert trouble not in rows["box-2"]
    assert building in rows["box-2"]
    assert all("ONNX Runtime" in rows[box] for box in ("box-1", "box-2"))
    assert page.index('id="box-box-1"') < page.index('id="well"') < page.index('id="box-box-2"')


@pytest.mark.parametrize("path", ["/", "/desks/1", "/boxes", "/api/floor/0", "/api/desk/1", "/api/boxes/0"])
def test_what_a_hostile_box_says_is_text_and_nothing_else(floor: Engine, client: FlaskClient, path: str) -> None:
    hostile = {"building_step": f"{HOSTILE} {{0}}", "engine_fault": f"\"{HOSTILE}'", "backend": HOSTILE}
    _told(floor, building_share=0.5, **hostile)
    answer = client.get(path)
    assert answer.status_code == 200
    given: Any = answer.json if answer.is_json else {"parts": {"page": answer.text}}
    text = "".join(given["parts"].values())
    assert HOSTILE not in text
    if "desk" in path:
        assert text.count(str(html.escape(HOSTILE, quote=False)).replace("'", "&#39;")) >= 3
