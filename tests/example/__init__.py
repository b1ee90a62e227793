"""The figures of the example mesh, computed a second time and on another way."""
