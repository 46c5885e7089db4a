Feature: Being told
  A customer is told when a task has ended: by e-mail, and by webhook where they gave one.

  Background:
    Given Ada is signed in

  Rule: A completed image is announced with a link

    Scenario: By e-mail
      When she uploads a 1600x1200 photo to be resized to 800x600
      Then she soon receives an e-mail with a download link
      And the link in it opens an image of 800x600

    Scenario: By a webhook for this upload
      Given Ada has a server that takes webhooks
      When she uploads a photo and asks for a call to that server
      Then the server is soon called with "task.completed"
      And the call is signed with Ada's secret
      And the link in it opens the result

    Scenario: By a webhook for every upload
      Given Ada has a server that takes webhooks
      And she has added it to her account
      When she uploads a photo
      Then the server is soon called with "task.completed"

  Rule: A failure is announced with its reason

    Scenario: A picture that breaks off in the middle
      Given Ada has a server that takes webhooks
      When she uploads a broken photo and asks for a call to that server
      Then the server is soon called with "task.failed"
      And the call says why
      And she soon receives an e-mail that says why

  Rule: A server that is down is called again

    Scenario: The first call fails
      Given Ada has a server that fails the first call
      When she uploads a photo and asks for a call to that server
      And the time for the next attempt comes
      Then the server has been called twice with the same webhook id
