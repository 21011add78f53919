"""First run, unlocking, the lost passphrase, pairing with the community."""
