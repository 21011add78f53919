"""People who may sign in: accounts, sessions, sign-in links, throttling; shared by both faces."""
