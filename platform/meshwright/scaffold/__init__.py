"""New meshes, domains and products from templates that travel inside the package."""
