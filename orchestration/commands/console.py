"""What goes to the terminal, and how a command ends."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_ERROR = 2

# Into a file or a pipe nothing is cut to the width of a screen that nobody looks at.
_WIDTH_WITHOUT_TERMINAL = 200

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
for _console in (out, err):
    if not _console.is_terminal:
        _console.width = _WIDTH_WITHOUT_TERMINAL


class CommandError(Exception):
    """Ends a command with one sentence for the person who typed it, and an exit code."""

    def __init__(self, sentence: str, exit_code: int = EXIT_ERROR) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def plain(value: object) -> Text:
    """Data as text that no terminal takes for a command and no markup for a style."""
    text = str(value)
    return Text("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))
