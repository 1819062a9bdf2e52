"""The agency systems around us over real HTTP, scriptable and faulty on demand. Imports `models` only."""
