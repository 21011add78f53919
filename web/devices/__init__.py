"""Devices and entities: lists, one entity's page, its commands and recent chart."""
