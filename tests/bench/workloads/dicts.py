"""Allocation-heavy: a million dicts, each with a list of 100 and a dict of one."""

rows = [{"id": i, "data": [0] * 100, "nested": {"value": i}} for i in range(1_000_000)]
