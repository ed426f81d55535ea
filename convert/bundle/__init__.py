"""`mien-convert bundle` and `inspect`: the folder of models that a desk loads, its manifest, and its licences."""
