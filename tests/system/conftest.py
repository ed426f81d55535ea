"""What the tests of a whole box share."""

from tests.system.box import box

__all__ = ["box"]
