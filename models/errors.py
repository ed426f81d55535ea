"""Everything that can go wrong in training, evaluation and export, as one tree.

ModelsError
├── DataError       a data file is missing, broken, or lacks what is needed
├── TrainingError   a training came to nothing
├── CheckpointError a training run cannot be resumed from what lies there
├── CardError       a card is broken, or does not fit the weights beside it
└── CompareError    a model of a comparison cannot be run, or there are no results to write pages of
"""


class ModelsError(Exception):
    """Its text is one line: what was wrong, where, and what to do."""


class DataError(ModelsError):
    """A data file is missing, broken, or lacks a column that is needed."""


class TrainingError(ModelsError):
    """A training came to nothing: its loss is no longer a number."""


class CheckpointError(ModelsError):
    """A checkpoint is broken or belongs to another recipe."""


class CardError(ModelsError):
    """A model card is broken, or its hash is not that of the weights beside it."""


class CompareError(ModelsError):
    """A model of a comparison cannot be run, or its results are missing or broken."""
