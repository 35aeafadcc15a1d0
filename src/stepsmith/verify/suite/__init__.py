"""Test suites: admission gates, wrong programs, growth and measured strength."""
