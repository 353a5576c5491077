"""Plan C."""
