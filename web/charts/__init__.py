"""What an entity was: days, weeks and months as charts, tables and files."""
