"""Accounts, sessions, keys, letters."""

from application.accounts.authenticate import Authenticate
from application.accounts.begin_provider_sign_in import BeginAttempt, BeginLink, BeginProviderSignIn
from application.accounts.change_password import ChangePassword
from application.accounts.confirm_password import ConfirmPassword
from application.accounts.create_api_key import CreateAPIKey
from application.accounts.end_account import EndAccount
from application.accounts.end_sessions import EndSessions
from application.accounts.erase_account import EraseAccount
from application.accounts.export_account import ExportAccount
from application.accounts.finish_erasure import FinishErasure
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
from entrypoints.container.room import Room, adapters, settings, use_case


class AccountUseCases(Room):
    """Those of `application/accounts/`."""

    register_user = use_case(
        RegisterUser,
        hasher=adapters.password_hasher,
        screening=adapters.password_screening,
        ask_to_verify=settings.provided.accounts.verified_email,
    )
    throttle_guesses = use_case(
        ThrottleGuesses, limiter=adapters.rate_limiter, allowance=adapters.guess_allowance
    )
    note_refused_sign_in = use_case(NoteRefusedSignIn)
    log_in = use_case(
        LogIn,
        hasher=adapters.password_hasher,
        guesses=throttle_guesses,
        note_refusal=note_refused_sign_in,
    )
    refresh_session = use_case(RefreshSession)
    list_sessions = use_case(ListSessions)
    end_sessions = use_case(EndSessions)
    log_out = use_case(LogOut, tokens=adapters.access_tokens)
    note_key_use = use_case(NoteKeyUse)
    authenticate = use_case(Authenticate, tokens=adapters.access_tokens, note_key_use=note_key_use)
    create_api_key = use_case(CreateAPIKey)
    list_api_keys = use_case(ListAPIKeys)
    revoke_api_key = use_case(RevokeAPIKey)
    view_profile = use_case(ViewProfile)
    post_letter = use_case(PostLetter)
    update_profile = use_case(
        UpdateProfile,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        guesses=throttle_guesses,
        password_for_address=settings.provided.accounts.password_for_address,
    )
    begin_attempt = use_case(BeginAttempt)
    begin_provider_sign_in = use_case(
        BeginProviderSignIn, providers=adapters.identity_providers, begin=begin_attempt
    )
    begin_link = use_case(
        BeginLink,
        providers=adapters.identity_providers,
        begin=begin_attempt,
        confirm_password=use_case(
            ConfirmPassword, hasher=adapters.password_hasher, guesses=throttle_guesses
        ),
    )
    finish_provider_sign_in = use_case(
        FinishProviderSignIn,
        providers=adapters.identity_providers,
        open_session=use_case(OpenSession),
        link_identity=use_case(LinkIdentity, post_letter=post_letter),
        note_refusal=note_refused_sign_in,
    )
    list_identities = use_case(ListIdentities, providers=adapters.identity_providers)
    unlink_identity = use_case(UnlinkIdentity)
    change_password = use_case(
        ChangePassword,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        guesses=throttle_guesses,
        screening=adapters.password_screening,
    )
    forgot_password = use_case(ForgotPassword, post_letter=post_letter)
    reset_password = use_case(
        ResetPassword,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        screening=adapters.password_screening,
    )
    end_account = use_case(EndAccount)
    erase_account = use_case(
        EraseAccount,
        hasher=adapters.password_hasher,
        guesses=throttle_guesses,
        end_account=end_account,
    )
    finish_erasure = use_case(FinishErasure)
    export_account = use_case(ExportAccount)
    view_erasure = use_case(ViewErasure)
    ask_to_verify_email = use_case(AskToVerifyEmail, post_letter=post_letter)
    verify_email = use_case(VerifyEmail)
