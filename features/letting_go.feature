Feature: Letting one picture go
  Whoever uploaded a picture may have it destroyed, with everything that was made of it.

  Background:
    Given Ada is signed in

  Rule: From then on it has never been there

    Scenario: Uploading, looking, letting go
      Given her photo has been processed
      When she lets the image go
      Then there is nothing at any address of it
      And her list of images is empty
      And it takes no room, though its task has been made
      And her link opens nothing any more
      And nothing of it is in the store

    Scenario: Letting it go twice
      Given her photo has been processed
      And she lets the image go
      When she lets the image go
      Then the answer is that there is nothing by that id

    Scenario: Bert lets Ada's image go
      Given her photo has been processed
      And Bert is signed in
      When he lets the image go
      Then the answer is that there is nothing by that id
      And the store still holds it

    Scenario: A program lets it go
      Given her photo has been processed
      And she has made a key for "images:write"
      When a program lets the image go with the key
      Then nothing of it is in the store

    Scenario: Sending the upload again
      Given she has uploaded a photo under the key "photo-1"
      And she lets the image go
      When she uploads the same photo under the key "photo-1"
      Then she gets the image id that she got before
      And her list of images is empty
      And nothing of it is in the store

  Rule: Whatever is being done with it ends

    Scenario: While it is drawn
      Given she has uploaded a photo that takes long to draw
      When she lets the image go while it is in progress
      Then there is nothing at any address of it
      And nothing of it is in the store
      And nobody is told of it

    Scenario: Before it is drawn
      Given the workers are paused
      And she has uploaded a photo
      When she lets the image go
      And the workers go on
      Then nothing of it is in the store
      And nobody is told of it

    Scenario: A notice that waits for its hour
      Given Ada has a server that fails the first call
      And she has added it to her account
      And her photo has been processed
      When she lets the image go
      And the time for the next attempt comes
      Then the server has been called once
