"""Whether a machine multiplies bfloat16 in hardware, by what its processor says of itself."""

from pathlib import Path

import pytest

from models.training.machine import bfloat16_helps


@pytest.mark.parametrize(
    ("flags", "helps"),
    [
        ("flags : fpu sse2 avx2 avx512f avx512_bf16 amx_tile", True),
        ("flags : fpu sse2 avx2 amx_bf16", True),
        ("Features : fp asimd bf16 i8mm", True),
        ("flags : fpu sse2 avx avx2 fma avx512f avx512bw", False),
    ],
)
def test_bfloat16_is_used_where_the_processor_multiplies_it(tmp_path: Path, flags: str, helps: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\n{flags}\n", encoding="utf-8")
    assert bfloat16_helps("cpu", cpuinfo) is helps


def test_a_machine_that_does_not_say_computes_in_float32(tmp_path: Path) -> None:
    assert not bfloat16_helps("cpu", tmp_path / "none")
