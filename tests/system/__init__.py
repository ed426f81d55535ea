"""The desk as it stands on a box: units, users and folders as shipped, in a booted container."""
