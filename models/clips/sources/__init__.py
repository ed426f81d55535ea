"""One adapter a data set of clips, each in the layout in which its owner gives it away."""
