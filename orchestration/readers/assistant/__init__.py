"""What an assistant (a language model with tools) may ask of a release: plain functions, and the server that offers them."""
