"""What the reviews are held over, as Markdown."""
