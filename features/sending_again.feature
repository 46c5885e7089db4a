Feature: Sending a request again
  A client that got no answer cannot know whether its request was carried out. It sends the request
  again under the same Idempotency-Key and gets the answer that it missed: nothing is made twice.

  Background:
    Given Ada is signed in

  Rule: What was carried out is not carried out again

    Scenario: An upload whose answer was lost
      Given she has uploaded a photo under the key "holiday-1"
      When she uploads the same photo under the key "holiday-1"
      Then she gets the image id that she got before
      And the answer says that it is a replay
      And there is one image

    Scenario: An account that was opened before
      When Bert registers twice under the key "bob-1"
      Then both times he is told that he is registered

    Scenario: A webhook that was added before
      When she adds a webhook twice under the key "hook-1"
      Then she gets the same webhook both times

  Rule: A key stands for one request of one person

    Scenario: Another photo under a key that was used
      Given she has uploaded a photo under the key "holiday-1"
      When she uploads another photo under the key "holiday-1"
      Then the upload is refused as "idempotency-key-reused"

    Scenario: Somebody else's key
      Given she has uploaded a photo under the key "holiday-1"
      And Bert is signed in
      When he uploads the same photo under the key "holiday-1"
      Then he gets an image id of his own

    Scenario: After a day a key may be used again
      Given she has uploaded a photo under the key "holiday-1"
      When a day and an hour have passed
      And she uploads another photo under the key "holiday-1"
      Then she gets a new image id

    Scenario: A key that cannot be remembered
      When she uploads a photo under a key of 256 characters
      Then the upload is refused as "invalid-idempotency-key"
