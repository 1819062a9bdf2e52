"""Pure domain of Liên thông: declarations, law, clocks, facts, messages. No I/O, no Temporal client calls."""
