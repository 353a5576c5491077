"""Bytes or a tool's JSON in, records with spans out. A reader states facts and never judges."""
