"""Migrations of the community's database."""
