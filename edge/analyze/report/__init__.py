"""`report.html`: what an analysis counted, as one file that asks for nothing and can be read, printed and passed on.

Made on a desk, which has no template engine: functions that put markup together, and
escape what they are given.
"""

from __future__ import annotations

from edge.analyze.report.page import report_html

__all__ = ["report_html"]
