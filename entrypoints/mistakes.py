"""What an operator can mend."""


class OperatorMistake(Exception):
    """
    The process cannot run as it was asked to; the message says what is wrong and how to mend it.

    Attributes:
        exit_code: For the shell; 2 stands for a wrong setting.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
