Feature: Giving one's account up
  Whoever leaves takes everything with them: nothing stays but a receipt.

  Rule: The account ends at once, and what belongs to it is destroyed

    Scenario: Leaving
      Given Ada is signed in
      And her photo has been processed
      When she gives her account up
      Then her token opens nothing any more
      And the receipt soon says that her picture and its result are destroyed
      And the store holds nothing of hers
      And her link opens nothing any more
      And she cannot sign in
      And a letter to "ada@example.com" says "Your account was erased"

    Scenario: A task that was under way
      Given Ada is signed in
      And the workers are paused
      And she has uploaded a photo
      When she gives her account up
      And the workers go on
      Then the receipt soon says that nothing but her picture is destroyed
      And the store holds nothing of hers

    Scenario: Coming back
      Given Ada is signed in
      When she gives her account up
      And Ada registers as "ada" with "ada@example.com"
      Then she can sign in

  Rule: It takes the password

    Scenario: Somebody at her machine
      Given Ada is signed in
      When somebody gives her account up who does not know her password
      Then they are refused as "wrong-password"
      And the token opens her profile
