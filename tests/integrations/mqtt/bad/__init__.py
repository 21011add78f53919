"""What no device should send: everything else keeps its pace."""
