Feature: API keys
  A program that works by itself carries a key in place of a person's token. The key does a part of
  what its owner may, for a while, and can be taken away.

  Background:
    Given Ada is signed in

  Rule: A key opens what its scopes name, and nothing else

    Scenario: A program uploads and follows what becomes of it
      Given she has made a key for "images:write" and "images:read"
      When a program uploads a photo with the key
      Then the upload is accepted
      And with the key it sees that the image is completed

    Scenario Outline: What a scope does not name stays closed
      Given she has made a key for "<scope>"
      When a program <tries> with the key
      Then it is refused as "insufficient-scope"
      And it is told that it lacks "<lacks>"

      Examples:
        | scope        | tries                | lacks        |
        | images:read  | uploads a photo      | images:write |
        | images:write | lists images         | images:read  |
        | images:read  | looks at a profile   | account:read |
        | account:read | adds a webhook       | webhooks:write |

    Scenario Outline: The account itself takes a person
      Given she has made a key for everything
      When a program <tries> with the key
      Then it is refused as "insufficient-scope"

      Examples:
        | tries                |
        | makes another key    |
        | looks at the keys    |
        | revokes the key      |
        | changes the profile  |

    Scenario: A key of an admin's is no admin
      Given Bert has an account
      And Ada is an admin and signed in
      And she has made a key for everything
      When a program looks at Bert's profile with the key
      Then it is refused as "insufficient-scope"

    Scenario: Somebody else's pictures
      Given Ada has uploaded a photo
      And Bert is signed in
      And he has made a key for everything
      When a program asks for Ada's photo with the key
      Then it is refused as "not-found"

  Rule: The secret is shown once

    Scenario: Looking at the keys
      Given she has made a key for "images:read"
      When she looks at her keys
      Then the key is there with its name and its scope, and without its secret
      And nothing that the platform keeps holds the secret

    Scenario: Sending the request again
      When she makes a key twice under the key "key-1"
      Then she gets the same key both times, and its token once

  Rule: A key ends when it is revoked, and by itself

    Scenario: Revoking it
      Given she has made a key for "images:read"
      And it has opened her images
      When she revokes the key
      Then it opens nothing any more
      And her keys tell when it was revoked

    Scenario: Its time is over
      Given she has made a key for "images:read" that lasts 30 days
      When 30 days have passed
      Then it opens nothing any more

    Scenario: Signing out
      Given she has made a key for "images:read"
      When she signs out
      Then the key still opens her images

    Scenario: Seeing which keys are in use
      Given she has made a key for "images:read"
      And it has opened her images
      Then her keys soon tell when it was used

    Scenario: As many as an account may have
      Given she has made 20 keys
      When she makes another key
      Then she is refused as "too-many-api-keys"
      And when she has revoked one she can make another
