Feature: Administration
  Somebody has to look after a platform: see who there is, let nobody in who should not be, and be
  able to tell later who did what.

  Background:
    Given Bert has an account
    And Ada is an admin and signed in

  Rule: Admins see and change accounts, and nobody else does

    Scenario: An admin looks for accounts
      When she looks for accounts that begin with "be"
      Then she sees the accounts of Bert
      When she looks for all accounts, one a page
      Then she sees the accounts of Ada and Bert

    Scenario Outline: Nobody else may
      Given Bert is signed in
      When he <tries> as an admin would
      Then it is refused as "not-allowed"

      Examples:
        | tries                  |
        | looks for accounts     |
        | disables Ada           |
        | reads the audit trail  |

    Scenario: An account is disabled and enabled again
      Given Bert is signed in
      And Ada is signed in
      When she disables Bert
      Then Bert's token opens nothing
      And Bert cannot sign in, and is told no more than with a wrong password
      When she enables Bert
      Then Bert's token opens his profile

    Scenario: An account is erased
      Given Bert is signed in
      And his photo has been processed
      And Ada is signed in
      When she erases Bert's account
      Then Bert's token opens nothing
      And the receipt soon says that his picture and its result are destroyed
      And the store holds nothing of his
      And a letter to "bert@example.com" says "Your account was erased"
      When she erases her own account as if it were another's
      Then it is refused as "own-account"

    Scenario: The last admin stays
      When she takes the role "admin" from Ada
      Then it is refused as "last-admin"
      When she gives the role "admin" to Bert
      And she takes the role "admin" from Ada
      Then it is done
      When she looks for accounts that begin with "be"
      Then it is refused as "not-allowed"

  Rule: What is done about accounts can be told later

    Scenario: The trail tells who did what, from where
      When she disables Bert
      And she reads the audit trail
      Then its newest entry is that Ada did "disable account" to Bert from an address

  Rule: Somebody sees to what goes wrong

    Scenario: A failed task is seen, put back and given up
      Given she uploads a photo that broke off in the middle
      When she looks through the failed tasks
      Then she sees that task
      When she puts that task back
      Then the image is soon "failed"
      And the log tells of 2 attempts at it
      When she gives that task up
      Then the image is soon "cancelled"
      And nobody can put it back

    Scenario: How much waits
      Given the workers are paused
      And Ada has uploaded a photo
      When she looks at the queues
      Then 1 task is queued
