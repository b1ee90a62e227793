"""New meshes, domains and products."""
