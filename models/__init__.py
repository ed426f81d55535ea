"""Networks, training and evaluation, and a card for each model."""

import os

# ONNX Runtime would keep an id of this device in the home folder and send usage to its makers. It reads this once.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
