"""What is built from the source tables: patient databases, reference and candidate tables, descriptions."""
