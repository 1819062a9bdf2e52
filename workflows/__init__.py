"""Temporal workflows: the life of a dossier. No HTTP, no SQL, no wall-clock time."""
