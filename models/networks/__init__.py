"""Network definitions: one family a module, weights and training elsewhere."""
