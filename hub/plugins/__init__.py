"""The door for integrations: manifests, loading, narrow connections, and what comes through."""
