"""Narrow connections that integrations are handed: exactly what their manifests declare."""
