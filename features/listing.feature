Feature: Looking through one's images
  Whoever has many pictures leafs through them, newest first, a page at a time.

  Background:
    Given Ada is signed in

  Rule: A list shows one's own images, newest first

    Scenario: Every image with what it is called and how far it is
      Given Ada has uploaded these photos, one after the other
        | harbour.jpg |
        | market.jpg  |
      When she asks for her images
      Then she sees "market.jpg, harbour.jpg"
      And each of them is "completed"

    Scenario: Nothing yet
      When she asks for her images
      Then she sees ""

    Scenario: Bert's list
      Given Ada has uploaded a photo
      And Bert is signed in
      When he asks for his images
      Then he sees ""

  Rule: Each page leads to the next

    Scenario: Leafing through
      Given Ada has uploaded these photos, one after the other
        | one.jpg   |
        | two.jpg   |
        | three.jpg |
        | four.jpg  |
        | five.jpg  |
      When she leafs through her images, 2 at a time
      Then the pages show "five.jpg, four.jpg", "three.jpg, two.jpg" and "one.jpg"

    Scenario: A photo comes in while she leafs
      Given Ada has uploaded these photos, one after the other
        | one.jpg   |
        | two.jpg   |
        | three.jpg |
      When she asks for her 2 newest images
      And she uploads a jpeg photo named "late.jpg"
      And she follows the link to the next page
      Then she sees "one.jpg"

  Rule: What is no page is refused

    Scenario Outline: Odd questions
      When she asks for the images "<query>"
      Then the list is refused as "<problem>" at "<pointer>"

      Examples:
        | query        | problem           | pointer |
        | limit=0      | invalid-parameter | /limit  |
        | limit=-1     | invalid-parameter | /limit  |
        | limit=many   | invalid-parameter | /limit  |
        | page=2       | unknown-member    | /page   |

    Scenario Outline: Pages that she was not led to
      When she asks for the images "<query>"
      Then the list is refused for its cursor

      Examples:
        | query                                                   |
        | cursor=                                                 |
        | cursor=page2                                            |
        | cursor=AAZM-rmg0kAAAAAAAAAAAAAAAAAAAAAA                 |

  Rule: One's own tasks are listed, too

    Scenario: By their status
      Given Ada is signed in
      And she has uploaded 3 photos, one of which cannot be read
      When she asks for her tasks that "failed"
      Then she sees 1 task, and why it failed
      When she asks for her tasks that "completed", one at a time
      Then she sees 2 tasks, each once

    Scenario: The way there
      Given Ada is signed in
      When she looks at her profile
      Then its Link header leads to her tasks

  Rule: Everybody may take along what is known of them

    Scenario: An export
      Given Ada is signed in
      And she has uploaded a photo
      When she asks for all that is known of her
      Then it tells her profile and where she is signed in
      And it leads to her image and her task
      And it holds no secret
