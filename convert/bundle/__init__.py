"""`mien-convert bundle`, `inspect` and `sign`: the folder of models that a desk loads, its manifest, its licences."""
