"""What all tests share; its place makes `support` importable from everywhere under `tests`."""
