Feature: Downloading a result
  A download link opens one result for a while, to whoever holds it.

  Background:
    Given Ada is signed in
    And Ada has a completed image

  Rule: The link needs no token

    Scenario: Following the link
      When she asks for the download link
      Then the link opens the result without a token
      And the browser is told to save it under the name of the upload

    Scenario: Only a part of the result
      When she asks for the download link
      Then the link gives the first 100 bytes when asked for them
      And the link answers "not modified" to whoever has the result already

  Rule: The link is good for one result and for a while

    Scenario: A link that was altered
      When she asks for the download link
      And somebody alters the link
      Then the altered link opens nothing

    Scenario: A link that has expired
      When she asks for the download link
      And an hour passes
      Then the link has expired

  Rule: There is no link before there is a result

    Scenario: Asking too early
      Given the workers are paused
      And Ada has uploaded a photo
      When she asks for the download link
      Then she is told that the image is not ready
