"""Networks, training and evaluation, and a card for each model."""
