Feature: A user's profile
  Everybody sees and changes their own profile; an admin may look at any.

  Rule: One's own profile is open to oneself

    Scenario: Looking at it
      Given Ada is signed in
      When she looks at her profile
      Then it shows her name, her address and the role "user"

    Scenario: Changing it
      Given Ada is signed in
      When she changes her name to "countess" and her address to "countess@example.com"
      Then she is told "Profile updated successfully."
      And her profile shows the new name and address

    Scenario: A name that is taken
      Given Bert has an account
      And Ada is signed in
      When she changes her name to Bert's
      Then she is refused because the username is taken

  Rule: Another's profile is open to admins alone

    Scenario: A user asks for another's profile
      Given Bert has an account
      And Ada is signed in
      When she looks at Bert's profile
      Then she is refused because she may not

    Scenario: An admin asks for another's profile
      Given Bert has an account
      And Ada is an admin and signed in
      When she looks at Bert's profile
      Then it shows Bert's name
