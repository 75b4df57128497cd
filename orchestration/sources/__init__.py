"""What each source is: its tables, its parser, where its rows carry what we look for."""
