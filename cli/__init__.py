"""Commands of `starter.py`: arguments in, readable Vietnamese or JSON out, no business rules."""
