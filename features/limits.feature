Feature: Limits at the door
  Whoever asks too much, or guesses, is sent away for a while; nobody else is.

  Rule: Requests have a rate

    Scenario: One upload too many
      Given the operator lets an account upload twice a minute
      And Ada is signed in
      When she uploads a picture three times
      Then she is told to wait because that was too many requests
      And Bert may upload a picture

  Rule: Passwords are not guessed

    Scenario: Somebody guesses at an account
      Given Ada has an account
      When somebody guesses her password a hundred times
      Then at least 90 of the guesses are sent away unread
      And Ada signs in from another address

    Scenario: A password that everybody knows
      Given the operator has passwords screened
      When somebody registers with password "password123"
      Then they are refused with "password-compromised"

  Rule: An account has quotas

    Scenario: As many pictures as an account may keep
      Given the operator lets an account keep 1 image
      And Ada is signed in
      When she uploads a picture three times
      Then she is refused because her quota is used up
      And her usage says 1 of 1 image
