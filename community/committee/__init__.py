"""The owners' committee: the roster in counts, and its attestation."""
