"""A report in, text out. A reporter computes nothing that another would have to compute as well."""
