"""From files to tables: one pure parser a format, and one writer."""
