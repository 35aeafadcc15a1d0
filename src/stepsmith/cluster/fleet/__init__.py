"""Several judge servers used as one judge."""
