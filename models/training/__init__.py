"""Training of the expression networks: recipes, targets, augmentation, the loop, and what a run leaves behind."""
