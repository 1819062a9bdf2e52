"""How much a dossier costs: `make bench`. What is measured, and how to read it: docs/bench.md."""
