"""Photographs: read, written anew without anything but the picture, and blurred before everybody sees them."""
