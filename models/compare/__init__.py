"""The comparison of every model that is there, and of peers, under one protocol: scores, speed, memory, pages."""
