"""Parts of the OpenAPI document that hold for many routes at once."""
