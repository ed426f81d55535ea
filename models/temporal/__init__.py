"""Training and scoring of the networks over time, each beside what it is without one of its parts."""
