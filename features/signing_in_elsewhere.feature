Feature: Signing in through an identity provider
  Whoever has an account with the company need not remember another password.

  Rule: It is off until the operator names a provider

    Scenario: No provider is named
      When somebody wants to sign in through the company
      Then there is nothing there

  Rule: Whoever the provider vouches for gets in

    Scenario: Somebody new
      Given the company vouches for Ada
      When she signs in through the company
      Then the token opens her profile
      And it opens an account without a password

    Scenario: The same person again
      Given the company vouches for Ada
      And she has signed in through the company
      When she signs in through the company
      Then the token opens her profile

    Scenario: Somebody whose address is not verified
      Given the company vouches for Ada, but not for her address
      When she signs in through the company
      Then she is refused because the provider vouches for no address

    Scenario: The provider is down
      Given the company vouches for Ada
      And the company's provider answers with errors
      When she signs in through the company
      Then she is told that the provider does not answer as it should

  Rule: Only the browser that began a sign-in finishes it

    Scenario: A link from somebody else
      Given the company vouches for Mallory
      And Mallory has begun to sign in through the company and sends Ada the address that ends it
      When Ada opens that address
      Then she is refused because the sign-in was not begun in her browser

    Scenario: The same address twice
      Given the company vouches for Ada
      When she signs in through the company and goes back in her browser
      Then she is refused because the sign-in was not begun in her browser

  Rule: An account with a password is linked by its owner, never by an address

    Scenario: The address has an account
      Given Ada has an account
      And the company vouches for Ada
      When she signs in through the company
      Then she is told to sign in by her password and link the company

    Scenario: Linking
      Given Ada is signed in
      And the company vouches for Ada
      When she links the company to her account
      And she signs in through the company
      Then the token opens her profile
      And she has a letter "There is a new way to sign in to your account"

    Scenario: Unlinking
      Given Ada is signed in
      And the company vouches for Ada
      And she has linked the company to her account
      When she unlinks the company
      And she signs in through the company
      Then she is told to sign in by her password and link the company

  Rule: A disabled account stays closed

    Scenario: Disabled
      Given the company vouches for Ada
      And she has signed in through the company
      And an administrator has disabled her account
      When she signs in through the company
      Then she is refused because her identity opens no account
