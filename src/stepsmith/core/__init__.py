"""Frozen typed records, content ids, errors and the little mathematics that every layer shares."""
