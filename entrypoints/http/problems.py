"""
Every problem that the API answers with: its code, status and what to do about it.

One table; the error handlers, the pages under `/problems/` and docs/problems.md all follow it.
"""

from collections.abc import Iterable
from typing import Final

import attrs


@attrs.frozen
class Problem:
    """
    A kind of problem (RFC 9457 problem type).

    Attributes:
        code: Stable; the last part of the `type` URI.
        title: The same for every occurrence.
        remedy: What a customer can do about it.
        retry_after_seconds: When asking again makes sense, or None if it does not.
    """

    code: str
    status: int
    title: str
    remedy: str
    retry_after_seconds: int | None = None


def _by_code(problems: Iterable[Problem]) -> dict[str, Problem]:
    return {problem.code: problem for problem in problems}


PROBLEMS: Final = _by_code((
    # The request itself
    Problem("bad-request", 400, "The request cannot be understood",
            "Compare the request with the documentation; the detail says what is odd about it."),
    Problem("malformed-json", 400, "The JSON text is broken",
            "Send UTF-8 JSON without byte order mark, repeated names, NaN or NUL, nested at most "
            "32 deep and at most 64 KiB long."),
    Problem("malformed-multipart", 400, "The form is broken",
            "Send multipart/form-data as RFC 7578 has it: a boundary of at most 70 characters, "
            "at most 64 parts, each with a name and with headers of at most 8 KiB, and a final "
            "boundary."),
    Problem("incomplete-body", 400, "The body ended early",
            "Fewer bytes arrived than Content-Length announced. Send the request again."),
    Problem("missing-part", 400, "The form lacks a part",
            "The detail names it: a file part named image for an upload, asset for an asset."),
    Problem("duplicate-part", 400, "A part came more than once",
            "Send each part once: one image, at most one processingOptions, and one file for each "
            "name that the processing options refer to."),
    Problem("invalid-cursor", 400, "The cursor is none of yours",
            "Follow the Link header of a page as it is, for the same list and with the same "
            "account; or begin again without a cursor."),
    Problem("invalid-idempotency-key", 400, "The Idempotency-Key cannot be used",
            "Send 1 to 255 visible ASCII characters, such as a UUID."),
    Problem("not-acceptable", 406, "Only JSON is spoken here",
            "Leave the Accept header out, or let it admit application/json."),
    Problem("method-not-allowed", 405, "The address does not know this method",
            "The Allow header lists the methods that it knows."),
    Problem("request-timeout", 408, "The request came too slowly",
            "Send the request again over a better connection, or a smaller file."),
    Problem("length-required", 411, "The body's length is not announced",
            "Send a Content-Length header instead of a chunked body."),
    Problem("content-too-large", 413, "Too many bytes",
            "Send a smaller file; the detail says how large one may be."),
    Problem("uri-too-long", 414, "The address is too long", "Send a shorter address."),
    Problem("unsupported-media-type", 415, "Not a format that is accepted",
            "Upload JPEG, PNG, WebP, AVIF, GIF or TIFF (the content decides, not the name), in a "
            "multipart/form-data request; send other bodies as application/json."),
    Problem("unsupported-codec", 415, "The picture is compressed in a way that is not accepted",
            "Convert the picture, for instance from HEIC to JPEG, and upload that."),
    Problem("unsupported-content-encoding", 415, "The body is compressed",
            "Send the body without Content-Encoding."),
    Problem("range-not-satisfiable", 416, "The range lies outside the file",
            "Ask for bytes that are there; the Content-Range header tells the size."),
    Problem("header-fields-too-large", 431, "The header is too large", "Send less of a header."),
    Problem("unsupported-transfer-coding", 501, "The body is coded in a way that nobody knows",
            "Send the body with a Content-Length header and without Transfer-Encoding."),
    # Who asks
    Problem("invalid-token", 401, "Sign in first",
            "Send a good access token or API key as Authorization: Bearer <token>; POST "
            "/api/auth/login gives one."),
    Problem("wrong-credentials", 401, "The e-mail address or the password is wrong",
            "Check both and sign in again."),
    Problem("invalid-refresh-token", 401, "The refresh token is not good any more",
            "Sign in again. A refresh token works once, and its session ends when it is sent a "
            "second time; always keep the newest."),
    Problem("wrong-password", 403, "The present password is wrong",
            "Send the password that the account has now. If it is forgotten, POST "
            "/api/auth/password/forgot has a letter sent."),
    Problem("no-password", 409, "The account has no password",
            "Set one first: POST /api/auth/password/forgot has a letter sent to the account's "
            "address."),
    Problem("invalid-sign-in-state", 400, "The sign-in cannot be finished here",
            "Begin again with GET /api/auth/oauth/{provider}/start. A sign-in through an identity "
            "provider is finished once, within ten minutes, and in the browser that began it; the "
            "last one that a browser began counts."),
    Problem("sign-in-refused", 403, "The identity provider did not let you in",
            "Begin again, and agree there; or sign in by your password."),
    Problem("identity-not-proved", 403, "It is not shown who you are",
            "Begin again. If it stays, tell the operator the requestId: the log has the reason."),
    Problem("provider-email-unverified", 403, "The identity provider vouches for no address",
            "Have your e-mail address verified there, or register here with a password."),
    Problem("identity-not-admitted", 403, "This identity opens no account here",
            "Ask an administrator: the provider may open no accounts, or none for your domain, or "
            "your account may be disabled."),
    Problem("account-exists", 409, "Your e-mail address has an account",
            "Sign in to it by its password (POST /api/auth/password/forgot sets a new one), then "
            "link the provider with POST /api/auth/identities."),
    Problem("identity-linked", 409, "The identity opens another account",
            "Sign in to that account and unlink it there with DELETE "
            "/api/auth/identities/{identityId}."),
    Problem("too-many-identities", 409, "The account has all the identities it may have",
            "Unlink one first."),
    Problem("last-way-in", 409, "Nothing else opens the account",
            "Set a password first, by POST /api/auth/password/forgot, or link another identity."),
    Problem("identity-provider-error", 502, "The identity provider does not answer as it should",
            "Nothing was changed. Try again later, or sign in by your password. If it stays, tell "
            "the operator the requestId: the log has the reason."),
    Problem("identity-provider-timeout", 504, "The identity provider did not answer in time",
            "Nothing was changed. Wait for the seconds in Retry-After, then begin again, or sign "
            "in by your password.", 10),
    Problem("identity-provider-busy", 503, "Too many wait for the identity provider",
            "Nothing was changed. Wait for the seconds in Retry-After, then begin again.", 5),
    Problem("email-not-verified", 403, "The e-mail address is not verified",
            "POST /api/auth/verify-email/send has a letter sent to it; send the token in it to "
            "POST /api/auth/verify-email."),
    Problem("invalid-mailed-token", 403, "The token of the letter is not good any more",
            "Ask for another letter. A token works once and for a while, and for the address that "
            "the account had when it was sent."),
    Problem("not-authenticated", 401, "Sign in first", "Sign in and send the access token."),
    Problem("not-allowed", 403, "Your account may not do this",
            "Ask somebody whose account may, an administrator for one."),
    Problem("insufficient-scope", 403, "The API key may not do this",
            "Send a key with the scope that the detail names, or the access token of a sign-in: "
            "to keys themselves, and to changes of the profile, no API key opens the door."),
    Problem("invalid-link", 403, "The link is not good",
            "Use the link exactly as it was given, or get a new one from "
            "GET /api/images/{imageId}/download."),
    Problem("link-expired", 410, "The link is too old",
            "Get a new one from GET /api/images/{imageId}/download."),
    Problem("presets-only", 403, "You may use presets, and nothing else",
            "Name a preset in the processing options, and beside it nothing but analyze, notify "
            "and priority; the detail says which presets, GET /api/presets what each is. For "
            "anything else, ask an administrator."),
    # What is asked for
    Problem("not-found", 404, "There is nothing here",
            "Check the address and the id. Things of other accounts look as if they were not "
            "there."),
    Problem("source-missing", 404, "The file is gone",
            "The file is no longer kept. Upload the picture again."),
    Problem("file-gone", 410, "The file is no longer kept",
            "Files are kept for a while only. Upload the picture again."),
    Problem("preset-not-found", 404, "There is no such preset",
            "Check its name and version: GET /api/presets lists the names, "
            "GET /api/presets/{name}/versions the versions of one."),
    Problem("asset-not-found", 404, "A file that the processing options name is not there",
            "Send it as a file part of that name in the same request, or keep it as an asset."),
    Problem("not-analyzed", 404, "Nothing was asked about the picture",
            "Upload the picture with analyze in its processing options."),
    Problem("already-exists", 409, "There is one already", "Choose another."),
    Problem("username-taken", 409, "The user name is taken", "Choose another user name."),
    Problem("email-taken", 409, "The e-mail address has an account", "Sign in instead."),
    Problem("asset-in-use", 409, "The asset is in use",
            "The detail says what needs it: wait until its tasks have ended, or cancel them; "
            "change or remove the preset that names it. Then delete it."),
    Problem("too-many-webhooks", 422, "The account has all the webhooks it may have",
            "Remove one first."),
    Problem("too-many-presets", 422, "There are all the presets there may be",
            "Remove one first."),
    Problem("precondition-failed", 412, "It has been changed in the meantime",
            "Get it again, look at what it is now, and send the ETag of that in If-Match."),
    Problem("too-many-api-keys", 422, "The account has all the API keys it may have",
            "Revoke one first. Keys that are revoked or have expired do not count."),
    Problem("last-admin", 409, "Nobody else looks after the platform",
            "Make somebody else an administrator first, with PATCH /api/admin/users/{userId} or "
            "safelight admin grant-role."),
    Problem("own-account", 409, "This is your own account",
            "Give your own account up with DELETE /api/users/me, which takes its password."),
    Problem("not-ready", 409, "The result is still being made",
            "Ask again after the seconds in Retry-After, or be told: by e-mail or webhook.", 1),
    Problem("task-failed", 409, "The task ended without a result",
            "The detail says why. Upload a picture that can be processed, or other processing "
            "options."),
    Problem("illegal-transition", 409, "The task's state does not allow that",
            "Look at the task: one that has ended cannot be cancelled, and only one that has ended "
            "can be run again."),
    Problem("request-in-progress", 409, "The same request is being carried out",
            "Send it again after the seconds in Retry-After, with the same Idempotency-Key: the "
            "answer is then that of the request that was carried out.", 1),
    Problem("idempotency-key-reused", 422, "The Idempotency-Key stands for another request",
            "Send the very request that the key was first sent with, or choose a new key."),
    # The values
    Problem("invalid-parameter", 422, "A value lies outside its range or form",
            "The pointer names the value, the detail says what it may be."),
    Problem("webhook-url-forbidden", 422, "The webhook's URL is not one that is called",
            "Give an https URL of a host on the public internet, on port 443 or 8443, without user "
            "name; the detail says what is wrong with this one."),
    Problem("password-compromised", 422, "Everybody knows this password",
            "Choose another: this one is among the first that anybody tries."),
    Problem("output-too-large", 422, "The size asked for is too large",
            "No side of a result may be longer than 16384 pixels."),
    Problem("unknown-member", 422, "A member that nobody knows",
            "The pointer names the member; check its spelling and its place."),
    Problem("unknown-operation", 422, "An operation that nobody knows",
            "The detail lists the operations that there are."),
    Problem("too-many-variants", 422, "Too many variants",
            "A picture has at most 20 variants; ask for the others with another upload."),
    Problem("too-many-operations", 422, "Too many operations",
            "A pipeline has at most 20 operations; split the work over two uploads."),
    Problem("preset-locked", 422, "The preset is locked",
            "Leave out what the pointer shows: beside a locked preset there may only be "
            "analyze, notify and priority."),
    Problem("unexpected-part", 422, "A part that nothing refers to",
            "Leave the part out, or name the file in a watermark."),
    Problem("too-many-assets", 422, "The account has all the assets it may have",
            "Delete some first; the detail says how many, or how much, there may be."),
    Problem("invalid-geometry", 422, "A region lies outside the picture",
            "Choose a region inside the picture as it is at that point of the pipeline."),
    # The picture
    Problem("empty-file", 422, "The file is empty", "Send the picture's bytes."),
    Problem("image-too-large", 422, "The picture has too many pixels",
            "Send a smaller picture; the detail says how large one may be."),
    Problem("too-many-frames", 422, "The animation has too many frames",
            "Send fewer frames; the detail says how many there may be."),
    Problem("font-refused", 422, "The font is not accepted",
            "Send a TrueType or OpenType font with outlines, as its maker published it."),
    Problem("malware-found", 422, "The file holds malware",
            "A scanner knows what is in the file. Nothing was kept. If it is mistaken, tell the "
            "operator the requestId."),
    Problem("image-refused", 422, "The picture is not accepted", "The detail says why."),
    Problem("refused", 422, "The request is refused", "The detail says why."),
    # How much at a time
    Problem("quota-exceeded", 429, "The account has as much as it may",
            "The detail says what of: tasks of a day come back by waiting for the seconds in "
            "Retry-After; of images and bytes an operator may allow more. "
            "GET /api/users/me/usage tells what is used."),
    Problem("too-many-queued-tasks", 429, "Too many of your tasks wait",
            "Wait for the seconds in Retry-After, or until some of your tasks are done.", 10),
    Problem("queue-full", 503, "The queue is full",
            "Nothing was accepted. Wait for the seconds in Retry-After, then try again.", 30),
    # Our side
    Problem("too-many-requests", 429, "Too many requests",
            "Wait for the seconds in Retry-After, then try again.", 5),
    Problem("internal-error", 500, "Something broke on our side",
            "Try again later. If it stays, tell the operator the requestId."),
    Problem("service-unavailable", 503, "Not ready to serve",
            "Wait for the seconds in Retry-After, then try again.", 2),
    Problem("database-unavailable", 503, "The database does not answer",
            "Nothing was changed. Wait for the seconds in Retry-After, then try again.", 2),
    Problem("storage-unavailable", 503, "The store does not answer",
            "Nothing was accepted. Wait for the seconds in Retry-After, then try again.", 2),
    Problem("storage-full", 503, "The store is full",
            "Nothing was accepted. Try again later, or tell the operator.", 60),
    Problem("scanner-unavailable", 503, "The malware scanner does not answer",
            "Nothing was accepted. Wait for the seconds in Retry-After, then try again.", 5),
))  # fmt: skip
