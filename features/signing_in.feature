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

    Scenario: Signing out everywhere else
      Given Ada is signed in on her "phone"
      And Ada is signed in on her "laptop"
      When she signs out everywhere but here
      Then the token of her "phone" opens nothing any more
      And the token of her "laptop" opens her profile

  Rule: A session goes on by its refresh token, which works once

    Scenario: Going on
      Given Ada is signed in on her "phone"
      When she refreshes her session on her "phone"
      Then the token of her "phone" opens her profile

    Scenario: A stolen refresh token
      Given Ada is signed in on her "phone"
      And a thief has read the refresh token of her "phone"
      And she has refreshed her session on her "phone" twice
      When the thief refreshes the session
      Then they are refused because the refresh token is not good
      And the token of her "phone" opens nothing any more

    Scenario: An answer that was lost
      Given Ada is signed in on her "phone"
      When she refreshes her session on her "phone", and again because the answer was lost
      Then she got the same refresh token both times
      And the token of her "phone" opens her profile

    Scenario: A session that nobody uses
      Given Ada is signed in on her "phone"
      When 14 days have passed
      And she refreshes her session on her "phone"
      Then they are refused because the refresh token is not good

  Rule: Everybody sees where they are signed in

    Scenario: The list of sessions
      Given Ada is signed in on her "phone"
      And Ada is signed in on her "laptop"
      When she looks at her sessions on her "laptop"
      Then she sees "laptop" and "phone", of which "laptop" is the present one
      And the list holds no token

    Scenario: Ending one of them
      Given Ada is signed in on her "phone"
      And Ada is signed in on her "laptop"
      When she ends the session of her "phone" from her "laptop"
      Then the token of her "phone" opens nothing any more
      And the token of her "laptop" opens her profile
