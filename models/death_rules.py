"""Rules between the sections of form 02, each a named check that says which sections it needs (REQUIREMENTS §5)."""

from models.form_rules import Rule

RULES: tuple[Rule, ...] = ()
"""Every check, in the order problems are reported."""
