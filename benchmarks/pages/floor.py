"""A null page of the same server: a route of the framework and a template that says nothing."""

from fastapi import FastAPI, Response
from jinja2 import Environment

app = FastAPI(openapi_url=None)
NULL = Environment(autoescape=True).from_string(
    "<!doctype html><html lang='en'><title>{{ title }}</title>"
)


@app.get("/")
async def null_page() -> Response:
    """A page that nobody needs."""
    return Response(NULL.render(title="null"), media_type="text/html; charset=utf-8")
