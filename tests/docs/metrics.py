"""docs/metrics.md, made from the table in edge/metrics.py."""

from __future__ import annotations

from typing import Final

from edge.metrics import EVERY_S, METRICS, PREFIX

_HEAD: Final = f"""# Metrics of a box

This page is made from `edge/metrics.py` by `make docs`. Where [`metrics.file`](settings.md) names a file, `publish`
writes it anew every {EVERY_S:.0f} s, with a broker or without, whole or not at all, in Prometheus' text format, as
the textfile collector of node_exporter reads it.

```toml
[metrics]
file = "/run/mien/desk.prom"
```

On a box `publish` may write to `/run/mien` (`node_exporter --collector.textfile.directory=/run/mien`). Each metric is a
gauge and carries the box's id. None says what was read of a face.

| metric | meaning |
| --- | --- |
"""


def page() -> str:
    """The text of docs/metrics.md."""
    return _HEAD + "".join(f"| `{PREFIX}{metric.name}` | {metric.meaning} |\n" for metric in METRICS)
