"""Accounts, sessions, keys, letters."""

from dependency_injector import providers

from application.accounts.authenticate import Authenticate
from application.accounts.begin_provider_sign_in import BeginAttempt, BeginLink, BeginProviderSignIn
from application.accounts.change_password import ChangePassword
from application.accounts.confirm_password import ConfirmPassword
from application.accounts.create_api_key import CreateAPIKey
from application.accounts.destroy_account import DestroyAccount
from application.accounts.end_account import EndAccount
from application.accounts.end_sessions import EndSessions
from application.accounts.erase_account import EraseAccount
from application.accounts.export_account import ExportAccount
from application.accounts.finish_provider_sign_in import FinishProviderSignIn
from application.accounts.link_identity import LinkIdentity
from application.accounts.list_api_keys import ListAPIKeys
from application.accounts.list_identities import ListIdentities
from application.accounts.list_sessions import ListSessions
from application.accounts.log_in import LogIn
from application.accounts.log_out import LogOut
from application.accounts.note_key_use import NoteKeyUse
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.open_session import OpenSession
from application.accounts.post_letter import PostLetter
from application.accounts.refresh_session import RefreshSession
from application.accounts.register_user import RegisterUser
from application.accounts.reset_password import ForgotPassword, ResetPassword
from application.accounts.revoke_api_key import RevokeAPIKey
from application.accounts.throttle_guesses import ThrottleGuesses
from application.accounts.unlink_identity import UnlinkIdentity
from application.accounts.update_profile import UpdateProfile
from application.accounts.verify_email import AskToVerifyEmail, VerifyEmail
from application.accounts.view_erasure import ViewErasure
from application.accounts.view_profile import ViewProfile
from entrypoints.container.room import Room, adapters, once, settings


class AccountUseCases(Room):
    """Those of `application/accounts/`."""

    register_user = once(
        RegisterUser,
        database=adapters.database,
        hasher=adapters.password_hasher,
        clock=adapters.clock,
        ids=adapters.ids,
        screening=adapters.password_screening,
        ask_to_verify=settings.provided.accounts.verified_email,
    )
    throttle_guesses = once(
        ThrottleGuesses, limiter=adapters.rate_limiter, allowance=adapters.guess_allowance
    )
    note_refused_sign_in = once(
        NoteRefusedSignIn, database=adapters.database, errands=adapters.errands
    )
    log_in = once(
        LogIn,
        database=adapters.database,
        hasher=adapters.password_hasher,
        session_tokens=adapters.session_tokens,
        clock=adapters.clock,
        ids=adapters.ids,
        guesses=throttle_guesses,
        note_refusal=note_refused_sign_in,
    )
    refresh_session = once(
        RefreshSession,
        database=adapters.database,
        session_tokens=adapters.session_tokens,
        clock=adapters.clock,
    )
    list_sessions = once(ListSessions, database=adapters.database, clock=adapters.clock)
    end_sessions = once(EndSessions, database=adapters.database, clock=adapters.clock)
    log_out = once(
        LogOut, database=adapters.database, tokens=adapters.access_tokens, clock=adapters.clock
    )
    note_key_use = once(NoteKeyUse, database=adapters.database, errands=adapters.errands)
    authenticate = once(
        Authenticate,
        database=adapters.database,
        tokens=adapters.access_tokens,
        key_tokens=adapters.key_tokens,
        note_key_use=note_key_use,
        clock=adapters.clock,
    )
    create_api_key = once(
        CreateAPIKey,
        database=adapters.database,
        key_tokens=adapters.key_tokens,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    list_api_keys = once(ListAPIKeys, database=adapters.database)
    revoke_api_key = once(RevokeAPIKey, database=adapters.database, clock=adapters.clock)
    view_profile = once(ViewProfile, database=adapters.database)
    post_letter = once(PostLetter, ids=adapters.ids, clock=adapters.clock)
    update_profile = once(
        UpdateProfile,
        database=adapters.database,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        clock=adapters.clock,
        guesses=throttle_guesses,
    )
    begin_attempt = once(
        BeginAttempt,
        database=adapters.database,
        opaque_tokens=adapters.opaque_tokens,
        clock=adapters.clock,
    )
    begin_provider_sign_in = once(
        BeginProviderSignIn, providers=adapters.identity_providers, begin=begin_attempt
    )
    begin_link = once(
        BeginLink,
        database=adapters.database,
        providers=adapters.identity_providers,
        begin=begin_attempt,
        confirm_password=providers.Factory(
            ConfirmPassword, hasher=adapters.password_hasher, guesses=throttle_guesses
        ),
    )
    finish_provider_sign_in = once(
        FinishProviderSignIn,
        database=adapters.database,
        providers=adapters.identity_providers,
        opaque_tokens=adapters.opaque_tokens,
        open_session=providers.Factory(
            OpenSession, session_tokens=adapters.session_tokens, ids=adapters.ids
        ),
        link_identity=providers.Factory(
            LinkIdentity,
            database=adapters.database,
            post_letter=post_letter,
            clock=adapters.clock,
            ids=adapters.ids,
        ),
        note_refusal=note_refused_sign_in,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    list_identities = once(
        ListIdentities, database=adapters.database, providers=adapters.identity_providers
    )
    unlink_identity = once(UnlinkIdentity, database=adapters.database)
    change_password = once(
        ChangePassword,
        database=adapters.database,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        clock=adapters.clock,
        guesses=throttle_guesses,
        screening=adapters.password_screening,
    )
    forgot_password = once(ForgotPassword, database=adapters.database, post_letter=post_letter)
    reset_password = once(
        ResetPassword,
        database=adapters.database,
        hasher=adapters.password_hasher,
        opaque_tokens=adapters.opaque_tokens,
        post_letter=post_letter,
        clock=adapters.clock,
        screening=adapters.password_screening,
    )
    end_account = once(EndAccount, ids=adapters.ids, clock=adapters.clock)
    erase_account = once(
        EraseAccount,
        database=adapters.database,
        hasher=adapters.password_hasher,
        guesses=throttle_guesses,
        end_account=end_account,
    )
    destroy_account = once(
        DestroyAccount,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        failpoints=adapters.failpoints,
    )
    export_account = once(ExportAccount, database=adapters.database, clock=adapters.clock)
    view_erasure = once(ViewErasure, database=adapters.database)
    ask_to_verify_email = once(
        AskToVerifyEmail, database=adapters.database, post_letter=post_letter
    )
    verify_email = once(
        VerifyEmail,
        database=adapters.database,
        opaque_tokens=adapters.opaque_tokens,
        clock=adapters.clock,
    )
