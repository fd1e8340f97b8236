"""The works as an office shows them to everybody: photographs, blurred before they are published."""
