"""Activities: everything a workflow may not do itself. Thin; decisions that belong to the law are in `models`."""
