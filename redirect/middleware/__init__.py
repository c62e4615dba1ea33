"""Middleware for web applications: `asgi`, `wsgi`. Must never import any part of the service, only its client."""
