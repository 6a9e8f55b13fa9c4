"""The cockpit: the page where owners live. A door: it shows what the store says and carries decisions to `verification`."""
