"""What is printed: letters with their QR codes, and notices that are posted. PDF, made by typst."""
