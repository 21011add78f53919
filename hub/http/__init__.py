"""Serving for both faces: routes that say who may, live pages, the programs' interface."""
