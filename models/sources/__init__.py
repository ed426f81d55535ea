"""Data sets as adapters: each reads a data set where people have it and gives a prepared set."""
