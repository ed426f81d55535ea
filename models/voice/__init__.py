"""The voice: data sets of speech, the voice network's training, and what its readings are worth beside a face's."""
