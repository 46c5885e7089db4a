"""What brokers refuse for good, and how an operator mends it."""

_AMQP_ADVICE = {
    403: "Check the user and the password in the broker's address, and that this user may"
    " configure, write and read everything that begins with the queues' names.",
    406: "A queue of this name stands with other arguments. Let its messages be worked off and"
    " delete it; it is declared again.",
    530: "Create the virtual host that the broker's address names, and give its user permissions"
    " on it.",
}

_KEY_ADVICE = "Check the access key and its secret, and that its policy allows SQS on the queues."
_QUEUE_ADVICE = "Create the queue, or correct its address."
_AWS_ADVICE = {
    "AccessDenied": _KEY_ADVICE,
    "AccessDeniedException": _KEY_ADVICE,
    "AWS.SimpleQueueService.NonExistentQueue": _QUEUE_ADVICE,
    "InvalidAddress": _QUEUE_ADVICE,
    "InvalidClientTokenId": _KEY_ADVICE,
    "InvalidSignatureException": _KEY_ADVICE,
    "QueueDoesNotExist": _QUEUE_ADVICE,
    "SignatureDoesNotMatch": _KEY_ADVICE,
    "UnrecognizedClientException": _KEY_ADVICE,
}


def advice_on(error: BaseException) -> str | None:
    """Return how to mend *error*; None if waiting may."""
    # The drivers are not imported for their classes: who has one of them rarely has the other.
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _AWS_ADVICE.get(response.get("Error", {}).get("Code", ""))
    code = getattr(error, "code", None)
    return _AMQP_ADVICE.get(code) if isinstance(code, int) else None


def words_of(error: BaseException) -> str:
    """Return what *error* says, without the numbers around it."""
    said = getattr(error, "reply_text", None) or str(error)
    return str(said).strip().rstrip(".") or type(error).__name__
