"""The room an auditor reads: everything that may leave a home passes through here.

It imports nothing of ours, only the standard library and ``cryptography``. docs/privacy.md
says which file keeps which promise and which test shows it.
"""
