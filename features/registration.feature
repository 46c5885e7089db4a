Feature: Opening an account
  Anybody may open an account with a name, an address and a password.

  Rule: Names and addresses belong to one account each

    Scenario: A newcomer opens an account
      When Ada registers as "ada" with "ada@example.com"
      Then she is told "User registered successfully."
      And she can sign in

    Scenario Outline: What another account has cannot be had again
      Given Ada has an account as "ada" with "ada@example.com"
      When somebody registers as "<name>" with "<address>"
      Then they are refused because the <what> is taken

      Examples:
        | name  | address           | what     |
        | ada   | other@example.com | username |
        | Ada   | other@example.com | username |

    Scenario Outline: Nobody finds out by it who has an account
      Given Ada has an account as "ada" with "ada@example.com"
      When somebody registers as "other" with "<address>"
      Then they are told "User registered successfully."
      And Ada can still sign in
      And a letter to "ada@example.com" says "You have an account already"

      Examples:
        | address         |
        | ada@example.com |
        | ADA@example.com |

  Rule: What cannot work is refused with the reason

    Scenario Outline: A form filled in wrongly
      When somebody registers with <field> "<value>"
      Then they are refused because of "<field>"

      Examples:
        | field    | value         |
        | email    | not-an-email  |
        | email    | a@[127.0.0.1] |
        | username | admin         |
        | username | аdmin         |
        | password | short12       |
