"""Changes of files as one transaction: all of them or none, also when the process is killed in between."""
