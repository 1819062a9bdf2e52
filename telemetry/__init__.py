"""What our processes tell of themselves: logs, traces, metrics. Never anything of a person."""
