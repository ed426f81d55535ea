"""A fake of the package that cuda-bindings is in."""
