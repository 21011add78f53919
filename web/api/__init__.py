"""The home's interface for programs: everything the pages do, as REST and one WebSocket."""
