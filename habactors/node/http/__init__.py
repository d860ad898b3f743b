"""How do programs read a node? The HTTP server in the process of the sidecar."""
