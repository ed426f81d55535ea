"""Where pictures come from: a camera, a file, a folder of images or the synthetic clip, behind one class.

frame.py       what a picture is, and what the capture asks of a source
camera.py      V4L2 cameras by number, path or name
files.py       video files and folders of images
synthetic.py   the clip made from a public-domain portrait, for the demo and the tests
capture.py     the pace of files, the thread that waits for a camera, and when pictures are stale
"""

from edge.capture.capture import Capture, open_source
from edge.capture.frame import Clip, Frame, Source

__all__ = ["Capture", "Clip", "Frame", "Source", "open_source"]
