"""What every layer shares: records, content ids, errors and statistics."""
