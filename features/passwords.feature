Feature: Passwords, and whose an address is
  Whoever knows the password changes it; whoever has forgotten it shows by a letter who they are.

  Background:
    Given Ada has an account

  Rule: The password is changed by whoever knows it, and everybody else is signed out

    Scenario: Changing it
      Given Ada is signed in on her "phone"
      And Ada is signed in on her "laptop"
      When she changes her password on her "laptop" to "correct horse"
      Then the token of her "phone" opens nothing any more
      And the token of her "laptop" opens her profile
      And she can sign in with "correct horse" alone
      And she has a letter "Your password was changed"

    Scenario: Somebody at her machine
      Given Ada is signed in on her "phone"
      When somebody changes her password on her "phone" who does not know it
      Then they are refused as "wrong-password"
      And the token of her "phone" opens her profile

  Rule: A forgotten password is replaced by the token of a letter

    Scenario: Getting in again
      Given Ada is signed in on her "phone"
      When she has forgotten her password
      And she sets "correct horse" by the token of her letter
      Then the token of her "phone" opens nothing any more
      And she can sign in with "correct horse" alone

    Scenario: A token works once
      When she has forgotten her password
      And she sets "correct horse" by the token of her letter
      And she sets "another horse" by the token of her letter
      Then they are refused as "invalid-mailed-token"
      And she can sign in with "correct horse" alone

    Scenario: A token works for ten minutes
      When she has forgotten her password
      And 10 minutes have passed
      And she sets "correct horse" by the token of her letter
      Then they are refused as "invalid-mailed-token"

    Scenario: Nobody learns who has an account
      When she has forgotten her password
      And somebody says so of "nobody@example.com"
      Then both are told the same
      And nobody but Ada has a letter

    Scenario: The token lies in the letter alone
      When she has forgotten her password
      Then she has a letter "Choose a new password"
      And nothing but the letter holds its token

  Rule: An address is shown to be one's own by the token of a letter

    Scenario: Verifying it
      Given Ada is signed in
      When she asks for a letter that verifies her address
      And she sends the token of her letter
      Then she is told "E-mail address verified successfully."

    Scenario: A new address
      Given Ada is signed in
      When she changes her name to "countess" and her address to "countess@example.com"
      Then "ada@example.com" has a letter "Your e-mail address was changed"
      And "countess@example.com" has a letter "Is this address yours?"
