"""Pure functions: frames in, frames out."""
