"""The end of a port: deprecating it beside the one that takes its place, and retiring it."""
