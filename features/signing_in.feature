Feature: Signing in and out
  Whoever signs in gets a token that opens the other doors for a while.

  Background:
    Given Ada has an account

  Rule: The right password opens the door, nothing else does

    Scenario: Signing in
      When Ada signs in
      Then she gets a token
      And the token opens her profile

    Scenario Outline: A wrong pair is refused without saying which half is wrong
      When somebody signs in with <address> and <password>
      Then they are refused because the credentials are wrong

      Examples:
        | address            | password          |
        | Ada's address      | a wrong password  |
        | an unknown address | Ada's password    |

    Scenario: Without a token the doors stay closed
      When somebody looks at a profile without a token
      Then they are refused because the token is not valid

  Rule: Signing out works at once

    Scenario: A token after signing out
      Given Ada is signed in
      When she signs out
      Then she is told "Logout successful."
      And her token opens nothing any more
